import { computed, nextTick, shallowRef } from 'vue'
import type { User } from '../../shared/contract/auth.ts'
import { commonErrors } from '../../shared/contract/errors.ts'
import { accessToken, desk, deskOf, onSessionEnded, onSessionRenewed, strangerDesk } from './client.ts'
import type { Inputs, Outputs, Session } from './client.ts'
import { inDesktopWindow } from './desktop-port.ts'
import { failureCode, failureSentence } from '../ui/failures.ts'
import { dismissToasts } from '../ui/toasts.ts'
import { forgetStills } from '../player/still-store.ts'
import { closeForbidden, forgetClosedCameras } from './closed-cameras.ts'
import { unlock } from './desk-lock.ts'
import { queryClient } from './query-client.ts'

/**
 * Where this page stands with the desk: `restoring` until the first answer, `unreachable` while there is none,
 * `set-up` on a desk without an administrator, then `signed-out` or `signed-in`.
 */
type SessionPhase = 'restoring' | 'unreachable' | 'set-up' | 'signed-out' | 'signed-in'

/** What a person types to get in; `name` is an e-mail address or a username. */
export interface Credentials {
  readonly name: string
  readonly password: string
  readonly code?: string | undefined
  /** At the desktop's own window: stay signed in when the application is closed. */
  readonly keep?: boolean | undefined
  /** From the terminal of the desk, where single sign-on is the way in and does not answer. */
  readonly terminalCode?: string | undefined
}

const phase = shallowRef<SessionPhase>('restoring')
const user = shallowRef<User | null>(null)
const mustSetUpTotp = shallowRef(false)
const mustChoosePassword = shallowRef(false)
const setupCodeNeeded = shallowRef(false)
const endedBecause = shallowRef<string | null>(null)

/** Who used this page last, also after they signed out. */
let lastUserId: string | null = null
let handedOver: () => void = () => undefined

const restoreAgainMs = 2_000
/** The security policy of a browser page that a stranger loaded names no Alta server: no picture would play on it. */
let loadedByStranger = false

onSessionEnded((reason) => {
  endedBecause.value = isPlainRefusal(reason)
    ? 'Your session has ended. Sign in again to go on where you were.'
    : reason
  forget()
})
// Another tab of this browser may have changed whose sign-in it holds: this page then belongs to that person too.
onSessionRenewed((answer) => user.value && useSession(answer))

/** Who uses this page. All fields are read-only refs; change them through the functions below. */
export const session = {
  phase: computed(() => phase.value),
  user: computed(() => user.value),
  isAdmin: computed(() => user.value?.admin === true),
  /** True until the person has the authenticator app that an administrator asks for; nothing else is answered. */
  mustSetUpTotp: computed(() => mustSetUpTotp.value),
  /** True while the password is one that an administrator gave. The documented one has a banner of its own. */
  mustChoosePassword: computed(() => mustChoosePassword.value),
  setupCodeNeeded: computed(() => setupCodeNeeded.value),
  /** Why the desk ended the session, for the sign-in page to say; null where it did not. */
  endedBecause: computed(() => endedBecause.value),
}

/** Picks up the session that the refresh cookie (or the desktop's door) still holds. Never rejects; tries until answered. */
export async function restoreSession(): Promise<void> {
  try {
    await useSession(await accessToken.renew())
  } catch (error) {
    if (failureCode(error) === null) return restoreLater()
    if (failureCode(error) === 'UNAUTHORIZED' && !isPlainRefusal(failureSentence(error))) {
      endedBecause.value = failureSentence(error)
    }
    await askForSignIn()
  }
}

/** Every stranger is told to sign in first; anything else is said for a reason. */
function isPlainRefusal(sentence: string): boolean {
  return sentence === commonErrors.UNAUTHORIZED.message
}

/** Signs in, also over the wall of somebody else; rejects with the desk's answer. */
export async function signIn({ name, ...secrets }: Credentials): Promise<void> {
  await enter(await strangerDesk.auth.login({ ...namedBy(name), ...secrets }))
}

/** An address has an @, a username never. */
export function namedBy(name: string): { email: string } | { username: string } {
  const typed = name.trim()
  return typed.includes('@') ? { email: typed } : { username: typed }
}

/** Makes the first administrator; `enter` with the answer signs in as them. Rejects with the desk's answer. */
export function setUp(input: Inputs['auth']['setup']): Promise<Outputs['auth']['setup']> {
  return strangerDesk.auth.setup(input)
}

/** Makes an account of one's own; `enter` with the answer signs in with it. Rejects with the desk's answer. */
export function register(
  input: Inputs['registration']['register'],
): Promise<Outputs['registration']['register']> {
  return strangerDesk.registration.register(input)
}

/**
 * Begins with a session that somebody just signed in for: what was locked opens. A stranger's page is loaded again, with
 * the session in its cookie, so that it comes with the policy of its person.
 */
export async function enter(answer: Session): Promise<void> {
  if (loadedByStranger && !inDesktopWindow()) return location.reload()
  await useSession(answer)
  unlock()
}

/**
 * Calls `listener` when another person than the last one begins to use this page: where the last one was (the page of a
 * camera, of a group) may be nothing for them.
 */
export function onHandedOver(listener: () => void): void {
  handedOver = listener
}

/**
 * Signs out here; the desk is told, but a desk that does not answer keeps nobody signed in on this page. What the page
 * was asking is dropped first.
 */
export async function signOut(): Promise<void> {
  await queryClient.cancelQueries()
  try {
    await desk.auth.logout({})
  } finally {
    forget()
    handedOver()
  }
}

/**
 * Takes over a session. Where it is another person's, or its person is no administrator any more, what they may not see
 * is closed and dropped before anything is asked in its name or drawn; the other pictures go on.
 */
export async function useSession(answer: Session): Promise<void> {
  endedBecause.value = null
  const before = user.value
  const isAnother = lastUserId !== null && lastUserId !== answer.user.id
  const seesLess = before !== null && (isAnother || (before.admin && !answer.user.admin))
  if (seesLess) await closeWhatIsForbidden(answer)
  accessToken.set(answer)
  if (seesLess) for (const query of queryClient.getQueryCache().getAll()) query.reset()
  lastUserId = answer.user.id
  user.value = answer.user
  mustSetUpTotp.value = answer.mustSetUpTotp
  mustChoosePassword.value = answer.mustChoosePassword
  phase.value = 'signed-in'
  if (isAnother) handedOver()
  if (seesLess) await rereadWhatIsShown()
}

/** Takes over what the person changed about themselves. */
export function useUser(changed: User): void {
  user.value = changed
}

/** Until this is done the page asks the desk as the last person: nothing of the next one can come too early. */
async function closeWhatIsForbidden(next: Session): Promise<void> {
  const theirs = deskOf(next)
  await closeForbidden(async (cameraIds) => (await theirs.cameras.visible({ cameraIds })).ids, 'close')
  // The tiles close with the page's next drawing, before the new person's name or lists.
  await nextTick()
  await queryClient.cancelQueries()
}

/** Once the page is drawn for its person: what was only for the last one has left it and is not asked for. */
async function rereadWhatIsShown(): Promise<void> {
  await nextTick()
  queryClient.removeQueries({ type: 'inactive' })
  void queryClient.refetchQueries({ type: 'active' })
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
  mustSetUpTotp.value = false
  mustChoosePassword.value = false
  queryClient.clear()
  dismissToasts()
  forgetStills()
  forgetClosedCameras()
  unlock()
  phase.value = 'signed-out'
}
