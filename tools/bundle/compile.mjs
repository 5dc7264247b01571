// Compile a CQL file to ELM JSON: node compile.mjs IN.cql OUT.json
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as cql from "@cqframework/cql/cql-to-elm";

const require = createRequire(import.meta.url);
const [source, target] = process.argv.slice(2);
const modelInfo = readFileSync(require.resolve("cql-exec-fhir/lib/modelInfos/fhir-modelinfo-4.0.1.xml"), "utf8");

// The types of the System model, https://cql.hl7.org/09-b-cqlreference.html#types
const SIMPLE = ["Boolean", "Integer", "Long", "Decimal", "String", "DateTime", "Date", "Time"];
const CLASSES = {
  Quantity: { value: "Decimal", unit: "String" },
  Ratio: { numerator: "Quantity", denominator: "Quantity" },
  Code: { code: "String", system: "String", version: "String", display: "String" },
  Vocabulary: { id: "String", version: "String" },
};
const element = ([name, type]) => `<m:element name="${name}" type="System.${type}"/>`;
const typeInfo = (kind, name, base, body = "") =>
  `<m:typeInfo xsi:type="m:${kind}" name="System.${name}"${base ? ` baseType="System.${base}"` : ""}>${body}</m:typeInfo>`;
const system = [
  '<m:modelInfo name="System" version="1.0.0" url="urn:hl7-org:elm-types:r1" targetQualifier="system"',
  ' xmlns:m="urn:hl7-org:elm-modelinfo:r1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">',
  typeInfo("SimpleTypeInfo", "Any"),
  ...SIMPLE.map((name) => typeInfo("SimpleTypeInfo", name, "Any")),
  ...Object.entries(CLASSES).map(([name, parts]) => typeInfo("ClassInfo", name, "Any", Object.entries(parts).map(element).join(""))),
  typeInfo("ClassInfo", "Concept", "Any",
    '<m:element name="codes"><m:typeSpecifier xsi:type="m:ListTypeSpecifier" elementType="System.Code"/></m:element>' + element(["display", "String"])),
  typeInfo("ClassInfo", "ValueSet", "Vocabulary"),
  typeInfo("ClassInfo", "CodeSystem", "Vocabulary"),
  "</m:modelInfo>",
].join("");

const models = new cql.ModelManager();
models.modelInfoLoader.registerModelInfoProvider(cql.createModelInfoProvider((id, systemUri, version) =>
  id === "FHIR" ? cql.stringAsSource(modelInfo) : id === "System" ? cql.stringAsSource(system) : null));
const libraries = new cql.LibraryManager(models);
const translator = cql.CqlTranslator.fromText(readFileSync(source, "utf8"), libraries);
const elm = translator.toJson();
const errors = (JSON.parse(elm).library.annotation || []).filter((one) => one.errorSeverity === "error");
for (const one of errors) console.error(`${source}:${one.startLine}:${one.startChar} ${one.message}`);
if (errors.length) process.exit(1);
writeFileSync(target, elm);
