import { parentPort } from 'node:worker_threads'
import { AltaProblem } from './alta-problem.ts'
import { parseConfig, parseStatus } from './config-schema.ts'
import type { LargeQuestion, LargeReading } from './large-answers.ts'

/** The desk itself has to read this again, at once: some 20 ms. A configuration with 5,000 cameras is 2.7 million. */
const longestJson = 3.5 * 1024 * 1024

/** The thread behind `LargeAnswers`. */
parentPort?.on('message', (question: LargeQuestion) => parentPort?.postMessage(read(question)))

function read({ id, kind, answer }: LargeQuestion): LargeReading {
  try {
    const json = JSON.stringify(kind === 'config' ? parseConfig(answer) : parseStatus(answer))
    if (json.length > longestJson) throw new AltaProblem('ALTA_HUGE_ANSWER')
    return { id, json }
  } catch (error) {
    if (error instanceof AltaProblem) return { id, problem: { code: error.code, detail: error.detail } }
    return { id, mistake: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}
