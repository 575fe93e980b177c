#!/usr/bin/env node
// Checks the version of Node before anything that an older one could not read is loaded.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`forge-wrapper needs Node 20.19 or newer; this is Node ${process.versions.node}.\n`);
  process.exitCode = 1;
} else {
  await import('../dist/main.js');
}
