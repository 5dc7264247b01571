// What the worker can do: run ELM defines, and evaluate FHIRPath. No I/O of any kind.
const cql = require("cql-execution");
const cqlfhir = require("cql-exec-fhir");
const fhirpath = require("fhirpath");
const r4 = require("fhirpath/fhir-context/r4");

function plain(value) {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map(plain);
  if (value.isDateTime || value.isDate || value.isTime) return { $: "date", value: value.toString() };
  if (value.isQuantity) return { $: "quantity", value: value.value, unit: value.unit };
  if (value.isCode) return { $: "code", code: value.code, system: value.system, display: value.display };
  if (value.isConcept) return { $: "concept", codes: (value.codes || []).map(plain), text: value.text };
  if (value.isInterval) return { $: "interval", low: plain(value.low), high: plain(value.high) };
  if (typeof value === "object" && value._json && value._json.resourceType) {
    return { $: "fhir", json: value._json };
  }
  if (typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  }
  return value;
}

// The translator wraps a list of codes in ToList, which the engine reads as a list of lists.
function unwrap(node) {
  if (Array.isArray(node)) return node.forEach(unwrap);
  if (!node || typeof node !== "object") return undefined;
  const codes = node.type === "Retrieve" && node.codes;
  const inner = codes && codes.type === "ToList" && codes.operand;
  if (inner && inner.resultTypeSpecifier && inner.resultTypeSpecifier.type === "ListTypeSpecifier") {
    node.codes = inner;
  }
  Object.values(node).forEach(unwrap);
  return undefined;
}

const slots = {};

function start(slot, work) {
  slots[slot] = { done: false };
  work().then(
    (value) => { slots[slot] = { done: true, value }; },
    (error) => { slots[slot] = { done: true, error: String((error && error.name) || "Error") }; },
  );
}

// Both read the whole model: once, before a case comes.
const source = new cqlfhir.PatientSource.FHIRv401(false);
const wrapper = cqlfhir.FHIRWrapper.FHIRv401();

function strings(value, found) {
  if (typeof value === "string") found.add(value);
  else if (value && typeof value === "object") Object.values(value).forEach((one) => strings(one, found));
  return found;
}

// Retrieves of one type wrap its resources once, and read the codes of those alone that hold one of
// the strings looked for: the engine's own look at each resource costs half a millisecond.
function indexed(patient) {
  const findRecords = patient.findRecords.bind(patient);
  const types = new Map();

  function holding(type, property) {
    if (!type.held.has(property)) {
      const held = new Map();
      type.records.forEach((record, number) => {
        const root = property.split(".")[0]; // a path is walked by the engine
        const keys = Object.keys(record._json).filter((key) => key.startsWith(root));
        for (const one of strings(keys.map((key) => record._json[key]), new Set())) {
          if (!held.has(one)) held.set(one, []);
          held.get(one).push(number);
        }
      });
      type.held.set(property, held);
    }
    return type.held.get(property);
  }

  patient.findRecords = (profile, details) => {
    const key = details ? details.datatype : profile;
    if (!types.has(key)) types.set(key, { records: findRecords(profile, details), held: new Map() });
    const type = types.get(key);
    const { codes, codeProperty } = details || {};
    const known = codeProperty && Array.isArray(codes) && codes.every((one) => one && typeof one.code === "string");
    if (!known) return type.records.slice();
    const held = holding(type, codeProperty);
    const numbers = new Set(codes.flatMap((one) => held.get(one.code) || []));
    return [...numbers].sort((a, b) => a - b).map((number) => type.records[number]);
  };
  return patient;
}

let session = null;

globalThis.load = (text) => {
  const given = JSON.parse(text);
  given.libraries.forEach(unwrap);
  source.reset();
  source.loadBundles([given.bundle]);
  session = {
    repository: new cql.Repository(given.libraries),
    patient: indexed(source.currentPatient()),
    codes: new cql.CodeService(given.valueSets),
    now: cql.DateTime.parse(given.now),
    parameters: Object.fromEntries(
      Object.entries(given.parameters).map(([name, one]) => [name, wrapper.wrap(one)]),
    ),
    contexts: {},
  };
  return "ok";
};

function contextOf(name) {
  if (!session.contexts[name]) {
    const library = session.repository.resolve(name);
    if (!library) throw Object.assign(new Error(), { name: "NoLibrary" });
    session.contexts[name] = new cql.PatientContext(
      library, session.patient, session.codes, session.parameters, session.now,
    );
  }
  return session.contexts[name];
}

globalThis.define = (slot, library, name) => start(slot, async () => {
  const context = contextOf(library);
  const expression = context.parent.expressions[name];
  if (!expression) throw Object.assign(new Error(), { name: "NoDefine" });
  return plain(await expression.execute(context));
});

globalThis.path = (text) => {
  const given = JSON.parse(text);
  const found = fhirpath.evaluate(given.resource, given.expression, given.variables, r4);
  return JSON.stringify(found.map((one) => (one && one.toJSON ? one.toJSON() : one)));
};

globalThis.result = (slot) => JSON.stringify(slots[slot]);
