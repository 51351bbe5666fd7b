import { expect } from '@playwright/test'
import type { Page } from '@playwright/test'
import { totpCode, totpStep } from '../../../main/sign-in/totp.ts'
import type { Camera } from '../../../shared/contract/cameras.ts'
import type { Group } from '../../../shared/contract/groups.ts'
import { ApiClient } from '../../fixtures/api-client.ts'
import { addPerson } from './people.ts'
import { openAt, openDialog } from './screen.ts'
import type { Screen } from './screen.ts'
import type { Stage } from './stage.ts'

/** Whom and what the screens about people show. */
export interface ShownPeople {
  /** Somebody with an authenticator app, in a group. */
  readonly personId: string
  readonly groupId: string
}

const names = [
  ['vera', 'Vera Ostrova'],
  ['nils', 'Nils Park'],
  ['olga.hahn', 'Olga Hahn'],
  ['m.k.hohenfels-rabenstein', 'Maximiliane Konstanze von Hohenfels-Rabenstein zu Altenburg'],
  ['viktor', 'Viktor Lund'],
  ['ida', 'Ida Berg'],
] as const

/** People, a group and an invite, of each kind one: locked, disabled, with an app, with a long name. */
export async function addShownPeople(stage: Stage, cameras: readonly Camera[]): Promise<ShownPeople> {
  const { api, desk } = stage
  const people = []
  for (const [username, displayName] of names) people.push(await addPerson(stage, username, displayName))
  const [vera, nils, olga] = people
  if (!vera || !nils || !olga) throw new Error('Three people are needed.')
  const group = await api.want<Group>('POST', '/groups', { name: 'Night shift' })
  for (const { id } of cameras.slice(0, 3)) await api.want('PUT', `/groups/${group.id}/cameras/${id}`)
  for (const { id } of people.slice(0, 4)) {
    await api.want('PUT', `/groups/${group.id}/members/${id}`, {
      role: id === vera.id ? 'operator' : 'viewer',
    })
  }
  await api.want('PATCH', `/users/${nils.id}`, { disabled: true })
  for (let tries = 0; tries < 10; tries += 1) {
    await api.call('POST', '/auth/login', { username: olga.username, password: 'not hers' })
  }
  const theirs = new ApiClient(desk.origin)
  await theirs.signIn(vera.email, vera.password)
  const { secret } = await theirs.want<{ secret: string }>('POST', '/account/totp/setup')
  await theirs.want('POST', '/account/totp/confirm', { code: totpCode(secret, totpStep(Date.now())) })
  await api.want('POST', '/invites', { maxUses: 5, expiresInHours: 168 })
  return { personId: vera.id, groupId: group.id }
}

async function openUser(page: Page, { personId }: ShownPeople): Promise<void> {
  await openAt(page, `/settings/users/${personId}`, 'Vera Ostrova')
}

async function openGroup(page: Page, { groupId }: ShownPeople): Promise<void> {
  await openAt(page, `/settings/groups/${groupId}`, 'Night shift')
}

/** Everything about people, as an administrator sees it. Dialogs are looked at by axe alone. */
export const peopleScreens: readonly Screen<ShownPeople>[] = [
  {
    name: 'users',
    open: async (page) => {
      await openAt(page, '/settings/users', 'Users')
      await expect(page.getByRole('row', { name: /Locked/ })).toBeVisible()
    },
  },
  { name: 'user', open: openUser },
  {
    name: 'user-add',
    axeOnly: true,
    open: async (page) => {
      await openAt(page, '/settings/users', 'Users')
      await openDialog(page, 'Add user')
    },
  },
  ...['Reset password', 'Remove app', 'Delete'].map((button): Screen<ShownPeople> => ({
    name: `user-${button.toLowerCase()}`,
    axeOnly: true,
    open: async (page, desk) => {
      await openUser(page, desk)
      await openDialog(page, button)
    },
  })),
  {
    name: 'invites',
    open: async (page) => {
      await openAt(page, '/settings/invites', 'Invites')
      await expect(page.getByRole('row', { name: /Open/ })).toBeVisible()
    },
  },
  {
    name: 'invite',
    axeOnly: true,
    open: async (page) => {
      await openAt(page, '/settings/invites', 'Invites')
      await openDialog(page, 'Invite people')
      await page.getByRole('button', { name: 'Make invite' }).click()
      await expect(page.getByTestId('invite')).toBeVisible()
    },
  },
  { name: 'groups', open: (page) => openAt(page, '/settings/groups', 'Groups') },
  { name: 'group', open: openGroup },
  {
    name: 'group-add-people',
    axeOnly: true,
    open: async (page, desk) => {
      await openGroup(page, desk)
      await openDialog(page, 'Add people')
      await expect(page.getByRole('dialog').getByLabel('Ida Berg')).toBeVisible()
    },
  },
  { name: 'my-groups', axeOnly: true, open: (page) => openAt(page, '/groups', 'Groups') },
  { name: 'sign-in-rules', open: (page) => openAt(page, '/settings/sign-in', 'Sign-in') },
  {
    name: 'audit',
    open: async (page) => {
      await openAt(page, '/settings/audit', 'Audit log')
      await page.getByRole('row', { name: /Done/ }).first().click()
      await expect(page.getByText('By way of')).toBeVisible()
    },
  },
  { name: 'account', open: (page) => openAt(page, '/account', 'Account') },
  {
    name: 'account-totp',
    axeOnly: true,
    open: async (page) => {
      await openAt(page, '/account', 'Account')
      await openDialog(page, 'Set up an app')
      await expect(page.getByTestId('totp-qr')).toBeVisible()
    },
  },
  {
    name: 'locked',
    open: async (page) => {
      await openAt(page, '/live', 'Live')
      // One channel is switched off on Alta; the others play.
      await expect(page.locator('[data-testid="tile"][data-word="Live"]')).toHaveCount(5)
      await page.keyboard.press('Control+l')
      await expect(page.getByTestId('lock-screen')).toBeVisible()
    },
  },
]

/** What people see who are not signed in. */
export const strangerScreens: readonly Screen<unknown>[] = [
  { name: 'register', open: (page) => openAt(page, '/register', 'Make your account') },
  { name: 'recover', open: (page) => openAt(page, '/recover', 'Forgot the password') },
  { name: 'sign-in', open: (page) => openAt(page, '/', 'Sign in') },
]
