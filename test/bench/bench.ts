// Runs the benchmarks named on the command line (all of them without a name) and writes out/bench.json.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { auditWrite } from './audit-write.ts'
import { camerasList } from './cameras-list.ts'
import { coldStart } from './cold-start.ts'
import { crowdBench } from './crowd.ts'
import { eventFeed } from './event-feed.ts'
import { healthSweep } from './health-sweep.ts'
import { hlsDelay } from './hls-delay.ts'
import { jobsBench } from './jobs.ts'
import { hostileAnswers } from './hostile-answers.ts'
import { ottRecovery } from './ott-recovery.ts'
import { pictureWitness } from './picture-witness.ts'
import { permissionCheck } from './permission-check.ts'
import { signInStorm } from './sign-in-storm.ts'
import { storeSeam } from './store-seam.ts'
import { wallOf16 } from './wall-of-16.ts'
import { whepFirstFrame } from './whep-first-frame.ts'
import type { Bench, BenchRow } from './measure.ts'

const benches: readonly Bench[] = [
  camerasList,
  coldStart,
  healthSweep,
  hostileAnswers,
  whepFirstFrame,
  ottRecovery,
  wallOf16,
  pictureWitness,
  hlsDelay,
  permissionCheck,
  crowdBench,
  eventFeed,
  signInStorm,
  auditWrite,
  storeSeam,
  jobsBench,
]
const names = process.argv.slice(2)
const unknown = names.filter((name) => !benches.some((bench) => bench.name === name))
if (unknown.length > 0) {
  console.error(
    `There is no benchmark ${unknown.join(', ')}. There are: ${benches.map((bench) => bench.name).join(', ')}.`,
  )
  process.exit(2)
}

const file = join(import.meta.dirname, '../../out/bench.json')
mkdirSync(join(import.meta.dirname, '../../out'), { recursive: true })
const chosen = benches.filter((bench) => names.length === 0 || names.includes(bench.name))
const rows: BenchRow[] = []
for (const bench of chosen) {
  console.log(`bench: ${bench.name}...`)
  const measured = await bench.run()
  for (const row of measured) console.log(line(row))
  rows.push(...measured)
}
writeFileSync(file, `${JSON.stringify(withEarlier(rows), null, 2)}\n`)
console.log(`\n${table(rows)}\n`)
process.exit(0)

/** One benchmark alone renews its own rows and keeps those of the others. */
function withEarlier(fresh: readonly BenchRow[]): BenchRow[] {
  if (names.length === 0 || !existsSync(file)) return [...fresh]
  const earlier = JSON.parse(readFileSync(file, 'utf8')) as BenchRow[]
  return [...earlier.filter((row) => !fresh.some((other) => other.name === row.name)), ...fresh]
}

function line(row: BenchRow): string {
  const ratio = row.ratio === null ? '' : `, ratio ${row.ratio}`
  return `  ${row.holds ? 'holds' : 'FAILS'}  ${row.name}: ${row.value} ${row.unit} (${row.against}${ratio}; goal ${row.goal})`
}

function table(all: readonly BenchRow[]): string {
  const head = ['| what | value | against | ratio | goal | holds |', '|---|---|---|---|---|---|']
  const body = all.map(
    (row) =>
      `| ${row.name} | ${row.value} ${row.unit} | ${row.against} | ${row.ratio ?? ''} | ${row.goal} | ${row.holds ? 'yes' : 'no'} |`,
  )
  return [...head, ...body].join('\n')
}
