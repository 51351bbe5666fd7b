import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Invite } from '../../shared/contract/invites.ts'
import { totpCode, totpStep } from '../../main/sign-in/totp.ts'
import { startAltaServer } from '../alta-simulator/start-alta-server.ts'
import type { AltaServerHandle } from '../alta-simulator/start-alta-server.ts'
import { ApiClient } from '../fixtures/api-client.ts'
import { readAudit } from '../fixtures/audit-rows.ts'
import { contractProcedures } from '../fixtures/contract-procedures.ts'
import { startDeskInProcess, testAdmin } from '../fixtures/desk-in-process.ts'
import type { DeskInProcess } from '../fixtures/desk-in-process.ts'
import { SmallBrowser, ssoClient, startSsoProvider } from '../fixtures/sso-provider.ts'
import type { SsoProvider } from '../fixtures/sso-provider.ts'

type Window = ReturnType<DeskInProcess['window']>

/** A desktop desk, whose window can do everything that the contract offers, beside an Alta to do it to. */
let desk: DeskInProcess
/** Another, in development: elsewhere no provider may speak plain http. */
let ssoDesk: DeskInProcess
let alta: AltaServerHandle
let provider: SsoProvider
let token: string | null = null
let window: Window
let serverId = ''
let cameraId = ''
let userId = ''
let groupId = ''
let viewId = ''
let savedAt = 0
let invite: Invite | null = null
let recoveryCode = ''
let totpSecret = ''
let codes: readonly string[] = []
const guest = { email: 'guest@desk', password: 'ochre-marmot-54' }
const recoveredPassword = 'cobalt-gannet-70'

beforeAll(async () => {
  alta = await startAltaServer({
    name: 'alta',
    receivers: [{ id: 'gate', name: 'Gate', kind: 'status' }],
    archives: { main: { duration: 24, local: { locations: ['/opt/archive'] } } },
  })
  const redirectUri = 'http://127.0.0.1/callback'
  provider = await startSsoProvider([redirectUri])
  provider.accounts.boss = { email: testAdmin.email, email_verified: true }
  desk = await startDeskInProcess({ headless: false, variables: { ALTAVMS_ENV: 'staging' } })
  ssoDesk = await startDeskInProcess({
    headless: false,
    people: [testAdmin],
    openInBrowser: (url) => void new SmallBrowser().open(url, 'boss'),
    variables: {
      OIDC_ISSUER_URL: provider.issuer,
      OIDC_CLIENT_ID: ssoClient.id,
      OIDC_CLIENT_SECRET: ssoClient.secret,
      OIDC_REDIRECT_URI: redirectUri,
    },
  })
  window = desk.window(() => token)
})
afterAll(async () => {
  await desk.stop()
  await ssoDesk.stop()
  await alta.dispose()
  await provider.stop()
})

/** For every procedure that declares an audit action: how it succeeds. They run in this order. */
const successes: Readonly<Record<string, () => Promise<unknown>>> = {
  'auth.setup': async () => {
    const made = await window.auth.setup({ email: testAdmin.email, password: testAdmin.password })
    token = made.accessToken
    recoveryCode = made.recoveryCode
  },
  'auth.login': async () => {
    token = (await window.auth.login(testAdmin)).accessToken
  },
  'auth.signInWithBrowser': () => ssoDesk.window().auth.signInWithBrowser({}),
  'auth.refresh': async () => {
    token = (await window.auth.refresh({})).accessToken
  },
  'account.endSession': async () => {
    const { items } = await window.account.sessions()
    await window.account.endSession({ id: items.find(({ current }) => !current)?.id ?? '' })
  },
  'account.changePassword': async () => {
    const change = { currentPassword: testAdmin.password, newPassword: 'teal-falcon-88' }
    token = (await window.account.changePassword(change)).accessToken
  },
  'account.prove': () => window.account.prove({ password: 'teal-falcon-88' }),
  'account.update': () => window.account.update({ displayName: 'The boss' }),
  'account.dismissNotices': () => window.account.dismissNotices({ ids: [] }),
  'account.renewRecoveryCode': async () => {
    recoveryCode = (await window.account.renewRecoveryCode({ password: 'teal-falcon-88' })).recoveryCode
  },
  'account.setUpTotp': async () => {
    totpSecret = (await window.account.setUpTotp({})).secret
  },
  'account.confirmTotp': async () => {
    const code = totpCode(totpSecret, totpStep(Date.now()))
    codes = (await window.account.confirmTotp({ code })).backupCodes
  },
  'account.renewBackupCodes': async () => {
    const proof = { password: 'teal-falcon-88', code: codes[0] ?? '' }
    codes = (await window.account.renewBackupCodes(proof)).backupCodes
  },
  'account.removeTotp': () => window.account.removeTotp({ password: 'teal-falcon-88', code: codes[0] ?? '' }),
  'settings.setSignIn': async () => window.settings.setSignIn(await window.settings.signIn()),
  'servers.create': async () => {
    const account = { login: 'admin', password: 'admin' }
    serverId = (await window.servers.create({ name: 'Alta', baseUrl: alta.baseUrl, ...account })).id
  },
  'servers.update': () => window.servers.update({ id: serverId, name: 'Alta one' }),
  'servers.repair': () => window.servers.repair({ id: serverId }),
  'cameras.create': async () => {
    cameraId = (await window.cameras.create({ serverId, receiverId: 'gate' })).id
  },
  'cameras.update': () => window.cameras.update({ id: cameraId, name: 'Main gate' }),
  'live.saveWall': () => window.live.saveWall({ layout: '1', tiles: [cameraId] }),
  'users.create': async () => {
    const person = { email: guest.email, username: 'guest', displayName: 'Guest' }
    userId = (await window.users.create(person)).id
  },
  'users.update': () => window.users.update({ id: userId, displayName: 'Guest of honour' }),
  'users.resetPassword': () => window.users.resetPassword({ id: userId, password: guest.password }),
  'groups.create': async () => {
    groupId = (await window.groups.create({ name: 'Hall' })).id
  },
  'groups.update': () => window.groups.update({ id: groupId, name: 'Great hall' }),
  'groups.addCamera': () => window.groups.addCamera({ id: groupId, cameraId }),
  'groups.setMember': () => window.groups.setMember({ id: groupId, userId, role: 'viewer' }),
  'groups.saveWall': async () => {
    savedAt = (await window.groups.saveWall({ id: groupId, layout: '1', tiles: [cameraId] })).savedAt
  },
  'groups.restoreWall': () => window.groups.restoreWall({ id: groupId, savedAt }),
  'views.create': async () => {
    viewId = (await window.views.create({ name: 'Night', layout: '1', tiles: [cameraId] })).id
  },
  'views.update': async () => {
    savedAt = (await window.views.update({ id: viewId, name: 'Day', wall: { layout: '1', tiles: [] } }))
      .savedAt
  },
  'views.restore': () => window.views.restore({ id: viewId, savedAt }),
  'views.setSlot': () => window.views.setSlot({ id: viewId, slot: 1 }),
  'views.remove': () => window.views.remove({ id: viewId }),
  'groups.removeMember': () => window.groups.removeMember({ id: groupId, userId }),
  'groups.removeCamera': () => window.groups.removeCamera({ id: groupId, cameraId }),
  'groups.remove': () => window.groups.remove({ id: groupId }),
  'users.remove': () => window.users.remove({ id: userId }),
  'invites.create': async () => {
    invite = await window.invites.create({ maxUses: 2, expiresInHours: 1 })
  },
  'registration.register': async () => {
    const account = { ...guest, username: 'guest', displayName: 'Guest', invite: invite?.code }
    userId = (await window.registration.register(account)).user.id
  },
  'users.endSession': async () => {
    const [signIn] = (await window.users.sessions({ id: userId })).items
    await window.users.endSession({ id: userId, sessionId: signIn?.id ?? '' })
  },
  'users.removeTotp': () => window.users.removeTotp({ id: userId }),
  'users.unlock': () => window.users.unlock({ id: userId }),
  'users.endSessions': () => window.users.endSessions({ id: userId }),
  'invites.remove': () => window.invites.remove({ id: invite?.id ?? '' }),
  'audit.export': () => window.audit.export({ format: 'csv' }),
  'servers.allowPageOrigin': () => window.servers.allowPageOrigin({ origin: 'http://desk.example:3303' }),
  'servers.withdrawPageOrigin': () =>
    window.servers.withdrawPageOrigin({ origin: 'http://desk.example:3303' }),
  'cameras.remove': () => window.cameras.remove({ id: cameraId }),
  'servers.remove': () => window.servers.remove({ id: serverId }),
  'settings.setListener': () => window.settings.setListener({ enabled: true }),
  'auth.logout': () => window.auth.logout({}),
  'auth.recover': () =>
    window.auth.recover({ email: testAdmin.email, recoveryCode, newPassword: recoveredPassword }),
}

/** What others must have done before. */
const preparations: Readonly<Record<string, () => Promise<unknown>>> = {
  'users.removeTotp': async () => {
    const { accessToken } = await desk.window().auth.login(guest)
    const theirs = desk.window(() => accessToken)
    const { secret } = await theirs.account.setUpTotp({})
    await theirs.account.confirmTotp({ code: totpCode(secret, totpStep(Date.now())) })
  },
}

test('the list above holds every procedure that declares an audit action', () => {
  const audited = contractProcedures().filter(({ rules }) => rules.audit !== null)
  expect(Object.keys(successes).sort()).toEqual(audited.map(({ name }) => name).sort())
})

test.each(Object.entries(successes))('%s writes exactly its row', async (name, succeed) => {
  const action = contractProcedures().find((procedure) => procedure.name === name)?.rules.audit
  await preparations[name]?.()
  const log = () => readAudit(name === 'auth.signInWithBrowser' ? ssoDesk : desk)
  const before = log().at(-1)?.seq ?? 0
  await succeed()
  // The first sign-in by way of the provider links the account, in a row of its own.
  const written = log().filter(({ seq, action: what }) => seq > before && what !== 'account.linked')
  const actor = name === 'registration.register' ? guest.email : testAdmin.email
  expect(written.map((row) => [row.action, row.outcome, row.actorName])).toEqual([[action, 'done', actor]])
})

test('the audit log holds no password, token or secret', () => {
  const log = JSON.stringify(readAudit(desk))
  const passwords = [testAdmin.password, 'teal-falcon-88', guest.password, recoveredPassword, '"password"']
  const codesOfAll = [invite?.code ?? 'code', recoveryCode, totpSecret, ...codes]
  for (const secret of [...passwords, ...codesOfAll, token ?? 'token']) {
    expect(log.includes(secret), secret).toBe(false)
  }
})

test('what changes nothing writes nothing', async () => {
  const api = new ApiClient(desk.desk.addresses()[0] ?? '')
  await api.signIn(testAdmin.email, recoveredPassword)
  const before = readAudit(desk).length
  await api.want('GET', '/servers')
  await api.want('GET', '/cameras')
  await api.want('GET', '/account')
  await api.want('GET', '/users')
  await api.want('GET', '/groups')
  await api.want('GET', '/views')
  expect(readAudit(desk)).toHaveLength(before)
})
