#!/usr/bin/env node
// Checks the version of Node before anything that an older one could not read is loaded.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(`forge-gateway needs Node 22.12 or newer; this is Node ${process.versions.node}.\n`);
  process.exitCode = 1;
} else {
  await import('../dist/main.js');
}
