// Build the engine bundle: FHIR 4.0.1 model info is parsed here, so that no XML is parsed at run time.
import { build } from "esbuild";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const xml2js = require("xml2js");
const processors = require("xml2js/lib/processors");
const target = process.argv[2];

const xml = readFileSync(require.resolve("cql-exec-fhir/lib/modelInfos/fhir-modelinfo-4.0.1.xml"), "utf8");
let parsed;
xml2js.parseString(xml, {
  async: false,
  tagNameProcessors: [processors.stripPrefix],
  attrNameProcessors: [processors.stripPrefix],
}, (error, result) => { if (error) throw error; parsed = result; });

const stub = {
  name: "stub",
  setup(build) {
    build.onResolve({ filter: /^(fs|xml2js|xml2js\/lib\/processors)$/ }, (args) => ({ path: args.path, namespace: "stub" }));
    build.onResolve({ filter: /fhir-modelinfo-.*\.xml\.js$/ }, (args) => ({ path: args.path, namespace: "model" }));
    build.onLoad({ filter: /.*/, namespace: "model" }, (args) => ({
      contents: `module.exports = "<model ${/(\d\.\d\.\d)/.exec(args.path)[1]}>";`,
    }));
    build.onLoad({ filter: /.*/, namespace: "stub" }, (args) => ({
      contents: args.path === "xml2js"
        ? `const parsed = ${JSON.stringify(parsed)};
           module.exports = { parseString: (text, options, done) => done(/4\\.0\\.1/.test(text) ? null : new Error("only FHIR 4.0.1"), parsed) };`
        : "module.exports = { stripPrefix: (name) => name };",
    }));
  },
};

const result = await build({
  entryPoints: ["entry.js"],
  bundle: true,
  minify: true,
  platform: "browser",
  format: "iife",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
  plugins: [stub],
  write: false,
});
writeFileSync(target, result.outputFiles[0].text);
