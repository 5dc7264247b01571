// Write bundle.lock.json: the SHA-256 of every source and artefact, checked by a test without Node.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

const root = process.argv[2];
const files = [];
const walk = (folder) => {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (name === "node_modules" || name.startsWith(".")) continue;
    if (statSync(path).isDirectory()) walk(path);
    else files.push(path);
  }
};
walk(join(root, "tools/bundle"));
walk(join(root, "smart_app/programs/wiser/forms"));
files.push(join(root, "smart_app/dtr/engine/engine.bundle.js"));
const sums = Object.fromEntries(files
  .map((path) => relative(root, path))
  .map((path) => [path, createHash("sha256").update(readFileSync(join(root, path))).digest("hex")]));
writeFileSync(join(root, "bundle.lock.json"), JSON.stringify(sums, null, 1) + "\n");
