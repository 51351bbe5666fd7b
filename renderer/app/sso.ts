import { contract } from '../../shared/contract/contract.ts'
import { desk, strangerDesk } from './client.ts'
import { inDesktopWindow } from './desktop-port.ts'
import { isLocked, unlock } from './desk-lock.ts'
import { enter } from './session.ts'

/** The sign-in that a locked page left from, for as long as this tab lives. */
const leftFromKey = 'alta-desk.sso-left-from'

/**
 * Signs in by single sign-on. A desktop window opens the system browser and resolves once the person is back; a browser
 * leaves this page and comes back signed in, or with `?sso=CODE`. Rejects with the desk's answer.
 */
export async function signInBySso(invite: string | undefined, keep = false): Promise<void> {
  if (inDesktopWindow()) {
    return enter(await strangerDesk.auth.signInWithBrowser({ keep, ...(invite ? { invite } : {}) }))
  }
  if (isLocked.value) sessionStorage.setItem(leftFromKey, (await currentSignIn()) ?? '')
  location.assign(`/api/auth/oidc/start${invite ? `?invite=${encodeURIComponent(invite)}` : ''}`)
}

/** Leaves for the provider, which asks who it is even where it knows. Rejects with the desk's answer. */
export async function proveBySso(): Promise<void> {
  if (inDesktopWindow()) return enter(await strangerDesk.auth.signInWithBrowser({ again: true }))
  location.assign('/api/auth/oidc/start?again=1')
}

/**
 * Opens a page that was locked when it left for the provider, where it came back with another sign-in than it left with;
 * the way back of the browser alone opens nothing.
 */
export async function unlockAfterSso(): Promise<void> {
  const leftFrom = sessionStorage.getItem(leftFromKey)
  sessionStorage.removeItem(leftFromKey)
  if (!leftFrom || !isLocked.value) return
  const signIn = await currentSignIn()
  if (signIn !== null && signIn !== leftFrom) unlock()
}

/** The sentence of a refusal that came back in the address, or null where there is none. */
export function ssoRefusal(code: unknown): string | null {
  if (typeof code !== 'string' || code === '') return null
  const refusals: Record<string, { message?: string } | undefined> =
    contract.auth.signInWithBrowser['~orpc'].errorMap
  return refusals[code]?.message ?? refusals['SSO_REFUSED']?.message ?? null
}

async function currentSignIn(): Promise<string | null> {
  const { items } = await desk.account.sessions()
  return items.find((signIn) => signIn.current)?.id ?? null
}
