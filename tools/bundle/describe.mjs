// Write a Questionnaire and its value sets from a compact description (form.json).
//
// A group is one documentation item. Its questions stand open until answered, until a document is
// named ("document": true gives the group a place for one), or until it is sent without, knowingly.
// "when" is a list of [question, operator, answer]; an answer that begins with # is a choice.
const BASE = "http://preclear.example/wiser/";
const FHIR = "http://hl7.org/fhir/StructureDefinition/";
const SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-";
const DAY = "2026-11-24";

const codes = (form) => `${BASE}CodeSystem/${form.id}-choices`;

const condition = (form) => ([question, operator, answer]) => {
  const made = { question, operator };
  if (typeof answer === "boolean") return { ...made, answerBoolean: answer };
  if (typeof answer === "string") return { ...made, answerCoding: { system: codes(form), code: answer.slice(1) } };
  const asked = form.groups.flatMap((group) => group.items).find((one) => one.id === question);
  return { ...made, [asked.type === "integer" ? "answerInteger" : "answerDecimal"]: answer };
};

const enabled = (when, form) => (when.length
  ? { enableWhen: when.map(condition(form)), ...(when.length > 1 ? { enableBehavior: "all" } : {}) }
  : {});

const question = (one, group, form) => {
  const extension = [];
  if (one.define) {
    const expression = `"${form.name}"."${one.define}"`;
    extension.push({ url: `${SDC}initialExpression`, valueExpression: { language: "text/cql", expression } });
  }
  if (one.short) extension.push({ url: `${SDC}shortText`, valueString: one.short });
  const required = !one.optional;
  const closed = ["document", "missing"].filter((how) => how === "missing" || group.document)
    .map((how) => [`${group.id}-${how}`, "exists", false]);
  return {
    linkId: one.id,
    ...(extension.length ? { extension } : {}),
    text: one.text,
    type: one.type,
    ...enabled([...(one.when || []), ...(required ? closed : [])], form),
    required,
    repeats: Boolean(one.repeats),
    ...(one.options ? {
      answerOption: one.options.map((code) => ({ valueCoding: { system: codes(form), code, display: form.choices[code] } })),
    } : {}),
  };
};

const criterion = (group, form) => ({
  linkId: group.id,
  text: group.text,
  type: "group",
  ...enabled(group.when || [], form),
  item: [
    ...group.items.map((one) => question(one, group, form)),
    ...(group.against || []).map((one, number) => ({
      linkId: `${group.id}-against${number ? `-${number + 1}` : ""}`,
      text: one.text,
      type: "display",
      ...enabled(one.when, form),
    })),
    ...(group.document ? [{
      linkId: `${group.id}-document`, text: "Document that shows it", type: "string", required: false, repeats: false,
    }] : []),
    {
      linkId: `${group.id}-missing`,
      extension: [{ url: `${FHIR}questionnaire-hidden`, valueBoolean: true }],
      text: "Sent without this, knowingly",
      type: "boolean",
      required: false,
      repeats: false,
    },
  ],
});

export const questionnaire = (form) => {
  const about = `${form.title}: the documentation items of the CMS WISeR guide ${form.guide}.`;
  const context = [
    { url: "name", valueCoding: { system: "http://hl7.org/fhir/uv/sdc/CodeSystem/launchContext", code: "patient" } },
    { url: "type", valueCode: "Patient" },
  ];
  return {
    resourceType: "Questionnaire",
    id: form.id,
    text: { status: "generated", div: `<div xmlns="http://www.w3.org/1999/xhtml">${about}</div>` },
    meta: { profile: ["http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/dtr-std-questionnaire"] },
    extension: [
      { url: `${FHIR}cqf-library`, valueCanonical: `${BASE}Library/${form.name}|1.0.0` },
      { url: `${SDC}launchContext`, extension: context },
    ],
    url: `${BASE}Questionnaire/${form.id}`,
    version: "1.0.0",
    name: `${form.name}Questionnaire`,
    title: `${form.title}: Medicare documentation list`,
    status: "active",
    experimental: true,
    subjectType: ["Patient"],
    date: DAY,
    publisher: "Preclear",
    description: `The documentation items of the CMS WISeR guide v6.0, ${form.guide}, as questions.${form.note ? ` ${form.note}` : ""}`,
    effectivePeriod: { start: "2026-01-05" },
    item: form.groups.map((one) => criterion(one, form)),
  };
};

export const valueSets = (form) => Object.entries(form.valueSets).map(([id, one]) => {
  const codes = Object.keys(one.codes).sort();
  return {
    resourceType: "ValueSet",
    id,
    url: `${BASE}ValueSet/${id}`,
    version: "1.0.0",
    name: id.split("-").map((word) => word[0].toUpperCase() + word.slice(1)).join(""),
    title: one.title,
    status: "active",
    experimental: true,
    date: DAY,
    publisher: "Preclear",
    compose: { include: [{ system: one.system, concept: codes.map((code) => ({ code })) }] },
    expansion: {
      timestamp: `${DAY}T00:00:00Z`,
      total: codes.length,
      contains: codes.map((code) => ({ system: one.system, code })),
    },
  };
});
