import { expect } from '@playwright/test'
import type { Page } from '@playwright/test'
import type { PersonView } from '../../shared/contract/users.ts'
import { freePort, startDeskProcess } from '../fixtures/desk-process.ts'
import { ssoClient, startSsoProvider } from '../fixtures/sso-provider.ts'
import type { SsoProvider } from '../fixtures/sso-provider.ts'
import { addPerson, expectSignedIn, expectSignInPage, signOutByMenu, typePassword } from './stage/people.ts'
import { takeForDocs } from './stage/pictures.ts'
import { documentedAdmin, startStage, test } from './stage/stage.ts'
import type { Stage } from './stage/stage.ts'

let provider: SsoProvider
let stage: Stage | undefined
let port: number

/** A desk that trusts the provider always has the same port, which the provider was told. */
function ssoVariables(): Record<string, string> {
  return {
    ALTAVMS_HTTP_ADDR: `127.0.0.1:${port}`,
    OIDC_ISSUER_URL: provider.issuer,
    OIDC_CLIENT_ID: ssoClient.id,
    OIDC_CLIENT_SECRET: ssoClient.secret,
    OIDC_REDIRECT_URI: `http://127.0.0.1:${port}/auth/oidc/callback`,
  }
}

test.beforeAll(async () => {
  port = await freePort()
  provider = await startSsoProvider([`http://127.0.0.1:${port}/auth/oidc/callback`])
})
test.afterAll(() => provider.stop())
test.beforeEach(({ watch }) => {
  // The provider's own page asks the network for a font, and has no icon.
  watch.expect(/^console: .*fonts\.googleapis\.com/, /^console: .*\/favicon\.ico$/)
})
test.afterEach(async ({ page }) => {
  // A page whose desk goes away complains.
  await page.goto('about:blank')
  await stage?.stop()
  stage = undefined
})

/** Goes to the provider, and says there who one is. */
async function goToProvider(page: Page, subject: string): Promise<void> {
  await page.getByRole('button', { name: 'Log in with SSO' }).click()
  await page.getByPlaceholder('Enter any login').fill(subject)
  await page.getByPlaceholder('and password').fill('any')
  await page.getByRole('button', { name: 'Sign-in' }).click()
  await agree(page)
}

/** A provider asks before it tells a native application who somebody is (RFC 8252, section 8.6). */
async function agree(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Continue' }).click()
}

/** The provider forgets who sits there, so that it asks again. */
async function forgetProvider(page: Page): Promise<void> {
  await page.context().clearCookies({ name: /^_session/ })
}

async function people({ api }: Stage, search: string): Promise<PersonView[]> {
  return (await api.want<{ items: PersonView[] }>('GET', `/users?search=${search}`)).items
}

// Would catch: a way back that ends on a blank page, an account for every sign-in, a name that two people share, an
// account that somebody takes over with an address that nobody has verified.
test('by way of the provider: a new account, the same one again, a number on a clash, a prepared account', async ({
  page,
}) => {
  stage = await startStage([], { ...ssoVariables(), REGISTRATION_MODE: 'open' })
  provider.accounts['mara'] = {
    email: 'mara@sso.example',
    email_verified: true,
    preferred_username: 'mara',
    name: 'Mara Keller',
  }
  await page.goto(stage.desk.origin)
  await expect(page.getByRole('button', { name: 'Log in with SSO' })).toBeVisible()
  await takeForDocs(page, 'sign-in-sso')
  await goToProvider(page, 'mara')
  await expectSignedIn(page)
  await expect(page.getByRole('button', { name: 'Account of Mara Keller' })).toBeVisible()
  expect(new URL(page.url()).search).toBe('')

  await signOutByMenu(page)
  // The provider remembers them.
  await page.getByRole('button', { name: 'Log in with SSO' }).click()
  await agree(page)
  await expectSignedIn(page)
  expect(await people(stage, 'mara')).toHaveLength(1)

  await signOutByMenu(page)
  await forgetProvider(page)
  provider.accounts['mara-the-second'] = {
    email: 'mara.two@sso.example',
    email_verified: true,
    preferred_username: 'mara',
    name: 'Mara Two',
  }
  await goToProvider(page, 'mara-the-second')
  await expectSignedIn(page)
  expect((await people(stage, 'mara')).map(({ username }) => username).sort()).toEqual(['mara', 'mara2'])

  const prepared = await addPerson(stage, 'petra', 'Petra Sand')
  await signOutByMenu(page)
  await forgetProvider(page)
  provider.accounts['petra-unproven'] = { email: prepared.email, email_verified: false, name: 'Not Petra' }
  await goToProvider(page, 'petra-unproven')
  await expect(page.getByTestId('sso-refusal')).toContainText('has not verified your e-mail address')

  await forgetProvider(page)
  provider.accounts['petra'] = { email: prepared.email, email_verified: true, name: 'Petra at the provider' }
  await goToProvider(page, 'petra')
  await expect(page.getByRole('button', { name: 'Account of Petra Sand' })).toBeVisible()
  // Both ways lead to the same account.
  await signOutByMenu(page)
  await typePassword(page, prepared)
  await expect(page.getByRole('button', { name: 'Account of Petra Sand' })).toBeVisible()
})

// Would catch: a provider that opens the desk to everybody whom it knows; an invite that is lost on the way.
test('where an invite is needed, the way by the provider needs it too', async ({ page }) => {
  stage = await startStage([], ssoVariables())
  provider.accounts['guest'] = {
    email: 'guest@sso.example',
    email_verified: true,
    preferred_username: 'guest',
    name: 'Guest',
  }
  await page.goto(stage.desk.origin)
  await goToProvider(page, 'guest')
  await expectSignInPage(page)
  await expect(page.getByTestId('sso-refusal')).toContainText('You have no account here')

  const { code } = await stage.api.want<{ code: string }>('POST', '/invites', { maxUses: 1 })
  await page.goto(`${stage.desk.origin}/register?invite=${code}`)
  await page.getByRole('button', { name: 'Log in with SSO' }).click()
  await agree(page)
  await expect(page.getByRole('button', { name: 'Account of Guest' })).toBeVisible()
  expect(await people(stage, 'guest')).toHaveLength(1)
})

// Would catch: a desk that nobody can enter any more because somebody else's machine is down.
test('where SSO is the only way in and the provider is away, an administrator gets in by the terminal', async ({
  page,
  watch,
}) => {
  watch.expect(/^console: .*40[13] .*\/api\//)
  const desk = await startDeskProcess({
    env: {
      ...ssoVariables(),
      OIDC_ISSUER_URL: `http://127.0.0.1:${await freePort()}`,
      OIDC_DISABLE_PASSWORD_LOGIN: 'true',
    },
  })
  await page.goto(desk.origin)
  await expect(page.getByLabel('Password')).toHaveCount(0)
  await page.getByRole('button', { name: 'Log in with SSO' }).click()
  await expect(page.getByTestId('sso-refusal')).toContainText('does not answer')
  await page.getByRole('button', { name: 'Administrator: sign in with a password' }).click()
  await typePassword(page, documentedAdmin)
  await expect(page.getByLabel('Code of the terminal')).toBeVisible()
  const printed = (): string | undefined => /[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}/.exec(desk.output())?.[0]
  await expect.poll(printed).toBeDefined()
  await page.getByLabel('Code of the terminal').fill('AAAA-BBBB-CCCC')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('sign-in-form')).toContainText('This is not the code')
  await page.getByLabel('Password').fill(documentedAdmin.password)
  await page.getByLabel('Code of the terminal').fill(printed() ?? '')
  await page.keyboard.press('Enter')
  await expectSignedIn(page)
  await desk.stop()
})
