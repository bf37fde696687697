// npm's own package `semver`, strict. Reads lines of two fields, prints what `oakum debug version|range npm` would.
const semver = require('semver')
const mode = process.argv[2]
const out = []
for (const line of require('fs').readFileSync(0, 'latin1').split('\n').slice(0, -1)) {
  const [a, b] = line.split('\t')
  if (mode === 'version') {
    try { out.push('>=<'[1 - semver.compare(a, b)]) } catch (e) { out.push('!') }
  } else {
    try {
      const range = new semver.Range(a)
      out.push(semver.parse(b) ? (range.test(b) ? 'yes' : 'no') : '!')
    } catch (e) { out.push('!') }
  }
}
process.stdout.write(out.join('\n') + '\n')
