import { shallowRef } from 'vue'
import { failureCode } from '../ui/failures.ts'
import { desk } from './client.ts'

interface WaitingProof {
  /** False for who signs in by single sign-on alone. */
  readonly hasPassword: boolean
  /** Lets the call go on, or fail as it did. */
  settle(isProven: boolean): void
}

/** The call that waits until its person has proven who they are; null while none does. */
export const waitingProof = shallowRef<WaitingProof | null>(null)

/**
 * Makes a call that gives a way into an account. Where the last proof of who somebody is is older than 15 minutes, the
 * page asks for another one, and the call is made again. Rejects with the desk's answer, also where no proof is given.
 */
export async function proven<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call()
  } catch (error) {
    if (failureCode(error) !== 'REAUTHENTICATION_REQUIRED' || !(await askForProof())) throw error
    return call()
  }
}

async function askForProof(): Promise<boolean> {
  waitingProof.value?.settle(false)
  const { hasPassword } = await desk.account.show()
  return new Promise((resolve) => {
    const settle = (isProven: boolean): void => {
      waitingProof.value = null
      resolve(isProven)
    }
    waitingProof.value = { hasPassword, settle }
  })
}
