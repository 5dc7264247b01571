#!/bin/sh
# Rebuild the engine bundle and compile our forms (Node). Called by ./run bundle.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$here"
[ -d node_modules ] || npm ci --ignore-scripts --no-fund --no-audit
node build.mjs "$root/smart_app/dtr/engine/engine.bundle.js"
forms=$root/smart_app/programs/wiser/forms
work=$(mktemp -d)
for form in "$forms"/*/; do
  name=$(basename "$form")
  node compile.mjs "$form"*.cql "$work/$name.elm.json"
  node package.mjs "$form" "$work/$name.elm.json" "$forms/$name.package.json"
done
rm -r "$work"
node lock.mjs "$root"
