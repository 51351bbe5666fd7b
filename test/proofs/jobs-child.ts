/**
 * Works on a job of the proof `jobs`: `node jobs-child.ts <record> <job> <run> <temporary file> [stubborn]`. Does nothing
 * before its go-ahead, and ends with its input; a stubborn one works on all the same, and must be ended.
 */
import { appendFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

const [record = '', job = '', run = '', temporaryFile = '', stubborn] = process.argv.slice(2)
// From shorter than the next start to much longer: some outlive it, and all end at last.
const steps = stubborn ? 50 + Math.random() * 550 : 40
const stepMs = stubborn ? 5 : 2
let isAtWork = false

process.stdin.once('data', () => {
  isAtWork = true
  void work()
})
process.stdin.once('end', () => {
  if (!isAtWork || !stubborn) process.exit(1)
})

async function work(): Promise<void> {
  for (let step = 0; step < steps; step += 1) {
    const line = `${job} ${run} child ${process.pid}\n`
    appendFileSync(record, line)
    appendFileSync(temporaryFile, line)
    await setTimeout(stepMs)
  }
  process.exit(0)
}
