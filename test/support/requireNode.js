// Plain JavaScript on purpose: it must run, and explain itself, on the very Node versions that it refuses.
const [major, minor] = process.versions.node.split(".").map(Number)

if (major < 22 || (major === 22 && minor < 19)) {
  console.error(
    [
      `recloser needs Node 22.19 or newer; this is ${process.versions.node} (${process.execPath}).`,
      'The repository brings its own Node 24 as the development dependency "node". If that is not the one that runs,',
      "its install script was not allowed: run `npm ci` again without --ignore-scripts.",
    ].join("\n"),
  )
  process.exit(1)
}
