// Runs one proof and writes its line into out/proofs.json.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { audit } from './audit.ts'
import { faults } from './faults.ts'
import { fuzz } from './fuzz.ts'
import { jobs } from './jobs.ts'
import { kill } from './kill.ts'
import type { Proof, ProofResult } from './proof.ts'
import { still } from './still.ts'

const proofs: readonly Proof[] = [audit, faults, fuzz, jobs, kill, still]
const [name, countText] = process.argv.slice(2)
const proof = proofs.find((one) => one.name === name)
const count = countText === undefined ? proof?.defaultCount : Number(countText)
if (!proof || !count || !Number.isInteger(count) || count < 1) {
  console.error('Usage: npm run proofs -- NAME [COUNT]')
  for (const one of proofs)
    console.error(`  ${one.name} (${one.defaultCount} ${one.counts ?? 'tries'} unless COUNT says otherwise)`)
  process.exit(2)
}

console.log(`proof: ${proof.name}, ${count} ${proof.counts ?? 'tries'}...`)
const startedAt = performance.now()
const found = await proof.run(count)
const seconds = Math.round((performance.now() - startedAt) / 1000)
const result: ProofResult = { name: proof.name, ...found, holds: found.failures.length === 0, seconds }
for (const failure of result.failures) console.log(`  ${failure}`)
console.log(`${result.holds ? 'holds' : 'FAILS'}: ${result.claim} (${result.tries} tries, ${seconds} s)`)
save(result)
process.exit(result.holds ? 0 : 1)

function save(fresh: ProofResult): void {
  const folder = join(import.meta.dirname, '../../out')
  const file = join(folder, 'proofs.json')
  mkdirSync(folder, { recursive: true })
  const earlier = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ProofResult[]) : []
  const all = [...earlier.filter((one) => one.name !== fresh.name), fresh]
  writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`)
}
