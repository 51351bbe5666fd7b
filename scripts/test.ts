// npm test: lint, types, unit, integration and end-to-end, then one line of counts. Everything it needs it installs.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from './build-if-stale.ts'
import { findBrowser } from './find-browser.ts'
import { root, runTool, runToolQuietly } from './processes.ts'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
const failures: string[] = []

mkdirSync(join(root, 'out'), { recursive: true })
const browser = findBrowser()
const env = { ...process.env, ALTA_DESK_CHROMIUM: browser, FORCE_COLOR: '0' }
console.log(`Alta Desk: testing with ${browser}`)

/** Name, tool and arguments of what needs nothing but the sources; the longest first. */
const checks: readonly (readonly [string, string, readonly string[]])[] = [
  ['lint', 'node_modules/eslint/bin/eslint.js', ['.', '--max-warnings', '0']],
  ['types of renderer', 'node_modules/vue-tsc/bin/vue-tsc.js', ['--noEmit', '-p', 'tsconfig.renderer.json']],
  ['types of main', 'node_modules/typescript/bin/tsc', ['--noEmit', '-p', 'tsconfig.node.json']],
  ['format', 'node_modules/prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']],
  ['types of browser tests', 'node_modules/typescript/bin/tsc', ['--noEmit', '-p', 'tsconfig.browser.json']],
  ['unused code', 'node_modules/knip/bin/knip.js', []],
  ['types of preload', 'node_modules/typescript/bin/tsc', ['--noEmit', '-p', 'tsconfig.preload.json']],
  ['migrations', 'node_modules/drizzle-kit/bin.cjs', ['check']],
]
/** Each keeps one core busy. */
const checksAtOnce = 2

const waiting = [...checks]
await Promise.all(Array.from({ length: checksAtOnce }, checkInTurn))
build()
vitest('unit')
vitest('integration')
playwright()

for (const failure of failures) console.log(`failed: ${failure}`)
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
process.exit(counts.failed === 0 ? 0 : 1)

/** A check without tests of its own counts as one. */
async function checkInTurn(): Promise<void> {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const [name, tool, toolArguments] = next
    const startedAt = performance.now()
    const { code, output } = await runToolQuietly(tool, toolArguments, env)
    if (output.trim() !== '') console.log(output.trimEnd())
    const passed = code === 0
    add(name, passed ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 }, startedAt)
  }
}

function vitest(project: string): void {
  const report = join(root, 'out', `${project}-report.json`)
  rmSync(report, { force: true })
  const startedAt = performance.now()
  const code = runTool(
    'node_modules/vitest/vitest.mjs',
    ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    env,
  )
  const found = readReport<{ numPassedTests: number; numFailedTests: number; numPendingTests: number }>(
    report,
  )
  const result = {
    passed: found?.numPassedTests ?? 0,
    failed: found?.numFailedTests ?? 0,
    skipped: found?.numPendingTests ?? 0,
  }
  add(project, withExitCode(result, code), startedAt)
}

function playwright(): void {
  const report = join(root, 'out', 'e2e-report.json')
  rmSync(report, { force: true })
  const startedAt = performance.now()
  const code = runTool('node_modules/@playwright/test/cli.js', ['test'], env)
  const found = readReport<{
    stats: { expected: number; unexpected: number; skipped: number; flaky: number }
  }>(report)
  const stats = found?.stats ?? { expected: 0, unexpected: 0, skipped: 0, flaky: 0 }
  // A test that passed only on its second try has failed, whoever allowed it one.
  const result = { passed: stats.expected, failed: stats.unexpected + stats.flaky, skipped: stats.skipped }
  add('end-to-end', withExitCode(result, code), startedAt)
}

/** A runner that died without counting a failure has failed all the same. */
function withExitCode(result: Counts, code: number): Counts {
  return code !== 0 && result.failed === 0 ? { ...result, failed: 1 } : result
}

function readReport<Report>(path: string): Report | null {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Report) : null
}

function add(name: string, result: Counts, startedAt: number): void {
  counts.passed += result.passed
  counts.failed += result.failed
  counts.skipped += result.skipped
  if (result.failed > 0) failures.push(`${name} (${result.failed})`)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
  console.log(`Alta Desk: ${name}: ${result.passed} passed, ${result.failed} failed (${seconds} s)`)
}
