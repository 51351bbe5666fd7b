import { computed, shallowRef } from 'vue'
import type { User } from '../../shared/contract/auth.ts'
import { accessToken, desk, onSessionEnded, strangerDesk } from './client.ts'
import type { Session } from './client.ts'
import { inDesktopWindow } from './desktop-port.ts'
import { failureCode } from '../ui/failures.ts'
import { forgetStills } from '../player/still-store.ts'
import { queryClient } from './query-client.ts'

/**
 * Where this page stands with the desk: `restoring` until the first answer, `unreachable` while there is none,
 * `set-up` on a desk without an administrator, then `signed-out` or `signed-in`.
 */
type SessionPhase = 'restoring' | 'unreachable' | 'set-up' | 'signed-out' | 'signed-in'

const phase = shallowRef<SessionPhase>('restoring')
const user = shallowRef<User | null>(null)
const setupCodeNeeded = shallowRef(false)
const endedByDesk = shallowRef(false)

const restoreAgainMs = 2_000
/** The security policy of a browser page that a stranger loaded names no Alta server: no picture would play on it. */
let loadedByStranger = false

onSessionEnded(() => {
  endedByDesk.value = true
  forget()
})

/** Who uses this page. All fields are read-only refs; change them through the functions below. */
export const session = {
  phase: computed(() => phase.value),
  user: computed(() => user.value),
  isAdmin: computed(() => user.value?.admin === true),
  setupCodeNeeded: computed(() => setupCodeNeeded.value),
  /** True when the desk ended the session, so that the sign-in page can say so. */
  endedByDesk: computed(() => endedByDesk.value),
}

/** Picks up the session that the refresh cookie (or the desktop's door) still holds. Never rejects; tries until answered. */
export async function restoreSession(): Promise<void> {
  try {
    useSession(await accessToken.renew())
  } catch (error) {
    if (failureCode(error) === null) return restoreLater()
    await askForSignIn()
  }
}

/** Signs in; rejects with the desk's answer. */
export async function signIn(email: string, password: string): Promise<void> {
  enter(await strangerDesk.auth.login({ email, password }))
}

/** Makes the first administrator and signs in as them; rejects with the desk's answer. */
export async function setUp(email: string, password: string, code: string | undefined): Promise<void> {
  enter(await strangerDesk.auth.setup({ email, password, code }))
}

/** Signs out here; the desk is told, but a desk that does not answer keeps nobody signed in on this page. */
export async function signOut(): Promise<void> {
  try {
    await desk.auth.logout({})
  } finally {
    forget()
  }
}

/** Takes over the new token that came with a change of password. */
export function useSession(answer: Session): void {
  accessToken.set(answer)
  endedByDesk.value = false
  if (user.value && user.value.id !== answer.user.id) queryClient.clear()
  user.value = answer.user
  phase.value = 'signed-in'
}

/** A stranger's page is loaded again, with the session in its cookie, so that it comes with the policy of its person. */
function enter(answer: Session): void {
  if (loadedByStranger && !inDesktopWindow()) location.reload()
  else useSession(answer)
}

async function askForSignIn(): Promise<void> {
  loadedByStranger = true
  try {
    const state = await strangerDesk.auth.setupState()
    setupCodeNeeded.value = state.codeNeeded
    phase.value = state.needed ? 'set-up' : 'signed-out'
  } catch (error) {
    if (failureCode(error) === null) return restoreLater()
    phase.value = 'signed-out'
  }
}

function restoreLater(): void {
  phase.value = 'unreachable'
  setTimeout(() => void restoreSession(), restoreAgainMs)
}

function forget(): void {
  accessToken.set(null)
  user.value = null
  queryClient.clear()
  forgetStills()
  phase.value = 'signed-out'
}
