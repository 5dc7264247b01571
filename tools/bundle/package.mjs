// Put a form together: questionnaire, library (CQL and ELM), value sets -> FORM.package.json
// A form is a compact description (form.json), or its resources as they are.
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import * as describe from "./describe.mjs";

const [folder, elmFile, target] = process.argv.slice(2);
const read = (name) => readFileSync(`${folder}/${name}`);
const described = existsSync(`${folder}/form.json`) ? JSON.parse(read("form.json")) : null;
const questionnaire = described ? describe.questionnaire(described) : JSON.parse(read("questionnaire.json"));
const source = readdirSync(folder).find((name) => name.endsWith(".cql"));
const name = source.replace(".cql", "");
const base = questionnaire.url.replace(/Questionnaire\/.*/, "");
const library = {
  resourceType: "Library",
  id: name,
  url: `${base}Library/${name}`,
  version: questionnaire.version,
  name,
  title: `${questionnaire.title}: logic`,
  status: "active",
  experimental: true,
  type: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/library-type", code: "logic-library" }] },
  date: questionnaire.date,
  publisher: questionnaire.publisher,
  content: [
    { contentType: "text/cql", data: read(source).toString("base64") },
    { contentType: "application/elm+json", data: readFileSync(elmFile).toString("base64") },
  ],
};
const valueSets = described ? describe.valueSets(described) : readdirSync(folder).filter((one) => one.startsWith("valueset-")).sort().map((one) => JSON.parse(read(one)));
const entry = [questionnaire, library, ...valueSets].map((resource) => ({
  fullUrl: resource.url,
  resource,
}));
writeFileSync(target, JSON.stringify({ resourceType: "Bundle", type: "collection", entry }, null, 1) + "\n");
