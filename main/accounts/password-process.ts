// The process in which passwords are hashed and judged: at low priority, one at a time, so that sign-ins do not slow the walls.
import { argon2id, hash, verify } from 'argon2'
import { parentProcess } from '../platform/child-process.ts'
import { weaknessOf } from '../../shared/domain/password-strength.ts'
import type { PasswordAnswer, PasswordJob } from './passwords.ts'

const parent = parentProcess()

async function work(job: PasswordJob): Promise<PasswordAnswer> {
  const { id } = job
  try {
    if (job.kind === 'verify') return { id, matches: await verify(job.hash, job.password) }
    if (job.kind === 'judge') return { id, weakness: await weaknessOf(job.password, job.ownWords) }
    return { id, hash: await hash(job.password, { type: argon2id, ...job.cost }) }
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) }
  }
}

parent.onMessage((message) => {
  void work(message as PasswordJob).then((answer) => parent.send(answer))
})
