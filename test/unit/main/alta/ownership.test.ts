import { describe, expect, it } from 'vitest'
import type { AltaChannel, AltaConfig } from '../../../../main/alta/alta-types.ts'
import {
  authorizerId,
  authorizerObject,
  channelIdOf,
  channelObject,
  compareServer,
  isRepairable,
  mergedChannel,
  ownerOf,
  planRepair,
  wouldClearRecordings,
} from '../../../../main/alta/ownership.ts'
import type { ExpectedChannel, ServerExpectation } from '../../../../main/alta/ownership-types.ts'
import { securetokenSecret } from '../../../../main/alta/securetoken.ts'

const deskId = '3f2a'
const gate: ExpectedChannel = {
  channelId: 'desk/gate-1',
  name: 'Gate 1',
  receiverId: 'gate-1',
  subReceiverId: 'gate-1-sub',
  storageId: 'main',
  storageDurationHours: 72,
}
const expectation: ServerExpectation = {
  deskId,
  authorization: { mode: 'backend', callbackUrl: 'http://desk:3303/alta/s1/authorize' },
  origins: ['http://desk:3303'],
  channels: [gate],
}

function soundConfig(): AltaConfig & { ott: { channels: Record<string, AltaChannel> } } {
  return {
    version: '250716',
    servers: {
      api: { listen: ':8100', serve: 'api' },
      ott: { listen: ':8200', serve: 'ott', allow_origin: ['https://other.example', 'http://desk:3303'] },
    },
    receivers: { 'gate-1': {}, 'gate-1-sub': {} },
    ott: {
      archives: { main: { duration: 168 } },
      authorizers: { [authorizerId(deskId)]: authorizerObject(expectation.authorization) },
      channels: { 'desk/gate-1': channelObject(deskId, gate) as AltaChannel },
    },
  }
}

/** The sound configuration with fields of our channel changed. */
function withChannel(changes: Partial<AltaChannel>): AltaConfig {
  const config = soundConfig()
  config.ott.channels['desk/gate-1'] = { ...config.ott.channels['desk/gate-1'], ...changes }
  return config
}

function withAuthorizer(changes: Record<string, unknown>): AltaConfig {
  const config = soundConfig()
  const id = authorizerId(deskId)
  return {
    ...config,
    ott: { ...config.ott, authorizers: { [id]: { ...config.ott.authorizers[id], ...changes } } },
  }
}

describe('what the desk makes', () => {
  it('names objects as the profile says (another name orphans every object already on Alta)', () => {
    expect(authorizerId(deskId)).toBe('alta-desk-3f2a')
    expect(channelIdOf('gate-1')).toBe('desk/gate-1')
  })

  it('denies by default in both modes (an unset default lets everybody in)', () => {
    const securetoken = authorizerObject({ mode: 'securetoken', ticketSecret: 'top' })
    expect(authorizerObject(expectation.authorization)).toEqual({
      ip: [],
      securetoken: '',
      backend: ['http://desk:3303/alta/s1/authorize'],
      default: 'deny',
    })
    expect(securetoken).toEqual({
      ip: [],
      securetoken: securetokenSecret('top'),
      backend: [],
      default: 'deny',
    })
  })

  it('gives Alta a derived secret (the ticket secret itself would let readers of its configuration sign tickets)', () => {
    expect(securetokenSecret('top')).not.toContain('top')
    expect(securetokenSecret('top')).not.toBe(securetokenSecret('other'))
  })

  it('leaves storage and duration out of a camera that does not record', () => {
    const object = channelObject(deskId, { ...gate, storageId: null, subReceiverId: null })
    expect(object).toEqual({
      enable: true,
      name: 'Gate 1',
      authorizer: 'alta-desk-3f2a',
      variants: { main: { receiver: 'gate-1' } },
    })
  })

  it('keeps what it does not know when it writes a channel back (PUT replaces the whole object)', () => {
    const found = {
      tvg_id: 'x',
      archive: 'old',
      variants: { main: { receiver: 'other', bitrate: 3 }, sub: { receiver: 'gone' }, tv: { receiver: 'y' } },
    }
    expect(mergedChannel(found, deskId, { ...gate, subReceiverId: null, storageId: null })).toEqual({
      tvg_id: 'x',
      enable: true,
      name: 'Gate 1',
      authorizer: 'alta-desk-3f2a',
      variants: { main: { receiver: 'gate-1', bitrate: 3 }, tv: { receiver: 'y' } },
    })
  })
})

describe('drift', () => {
  it('finds none on a sound server (false alarms train people to ignore it)', () => {
    expect(compareServer(soundConfig(), expectation)).toEqual([])
    expect(planRepair(soundConfig(), expectation)).toEqual([])
  })

  it.each([
    ['name', { name: 'Tor' }, 'Gate 1', 'Tor'],
    ['enable', { enable: false }, 'true', 'false'],
    ['authorizer', { authorizer: undefined }, 'alta-desk-3f2a', 'none (public)'],
    ['authorizer', { authorizer: 'x' }, 'alta-desk-3f2a', 'x'],
    ['archive', { archive: 'old' }, 'main', 'old'],
    ['archive', { archive: undefined }, 'main', 'none'],
    ['duration', { duration: undefined }, '72 h', "the storage's"],
    ['duration', { duration: 24 }, '72 h', '24 h'],
    [
      'variants.main',
      { variants: { main: { receiver: 'b' }, sub: { receiver: 'gate-1-sub' } } },
      'gate-1',
      'b',
    ],
    ['variants.sub', { variants: { main: { receiver: 'gate-1' } } }, 'gate-1-sub', 'none'],
  ])('names the changed field of a channel: %s %j', (field, changes, expected, found) => {
    const drift = compareServer(withChannel(changes), expectation)
    expect(drift).toEqual([{ object: 'channel desk/gate-1', field, expected, found }])
  })

  it.each([
    ['default', { default: 'allow' }, 'deny', 'allow'],
    ['default', { default: undefined }, 'deny', 'not set (allows everybody)'],
    ['backend', { backend: [] }, 'http://desk:3303/alta/s1/authorize', 'none'],
    ['ip', { ip: ['allow any'] }, 'none', 'allow any'],
    ['securetoken', { securetoken: 'hush' }, 'none', 'a secret'],
  ])('names the changed field of the authorizer: %s %j', (field, changes, expected, found) => {
    const drift = compareServer(withAuthorizer(changes), expectation)
    expect(drift).toEqual([{ object: 'authorizer alta-desk-3f2a', field, expected, found }])
  })

  it('never shows a secret (drift is shown on a page and written to the audit log)', () => {
    const securetoken: ServerExpectation = {
      ...expectation,
      authorization: { mode: 'securetoken', ticketSecret: 'top' },
    }
    const shown = JSON.stringify(compareServer(withAuthorizer({ securetoken: 'hush-hush' }), securetoken))
    expect(shown).toContain('another secret')
    expect(shown).not.toContain('hush-hush')
    expect(shown).not.toContain(securetokenSecret('top'))
  })

  it('says what is missing, and makes it before what needs it', () => {
    const empty: AltaConfig = {
      ...soundConfig(),
      servers: { ott: { listen: ':8200', serve: 'ott' } },
      ott: { archives: {}, authorizers: {}, channels: {} },
    }
    expect(compareServer(empty, expectation)).toEqual([
      { object: 'authorizer alta-desk-3f2a', field: 'authorizer', expected: 'exists', found: 'missing' },
      { object: 'server ott', field: 'allow_origin', expected: 'contains http://desk:3303', found: 'none' },
      { object: 'channel desk/gate-1', field: 'channel', expected: 'exists', found: 'missing' },
    ])
    expect(planRepair(empty, expectation).map(({ action, kind }) => [action, kind])).toEqual([
      ['create', 'authorizer'],
      ['change', 'origins'],
      ['create', 'channel'],
    ])
  })

  it('takes a star in allow_origin for every origin', () => {
    const config = soundConfig()
    const servers = { ott: { listen: ':8200', serve: 'ott', allow_origin: ['*'] } }
    expect(compareServer({ ...config, servers }, expectation)).toEqual([])
  })

  it('does not take names of Object.prototype for objects of Alta', () => {
    const odd = { ...gate, channelId: 'constructor' }
    const drift = compareServer(soundConfig(), { ...expectation, channels: [odd] })
    expect(drift).toMatchObject([{ field: 'channel', found: 'missing' }])
  })
})

describe('recordings at stake', () => {
  it.each([
    ['another storage', { archive: 'old' }, gate, true],
    ['detached', { archive: 'main' }, { ...gate, storageId: null }, true],
    ['the same storage, other hours', { archive: 'main', duration: 1 }, gate, false],
    ['attached for the first time', {}, gate, false],
    ['an empty name is no storage', { archive: '' }, gate, false],
  ])('%s', (_case, found, expected, clears) => {
    expect(wouldClearRecordings(found, expected)).toBe(clears)
  })

  it('is said by the plan of a repair, so that a person is asked first', () => {
    expect(planRepair(withChannel({ archive: 'old' }), expectation)).toEqual([
      { action: 'change', kind: 'channel', id: 'desk/gate-1', clearsRecordings: true },
    ])
  })
})

describe('whose channel it is', () => {
  it.each([
    ['nothing there', null, 'free'],
    ['our authorizer', { authorizer: 'alta-desk-3f2a' }, 'ours'],
    ["another desk's", { authorizer: 'alta-desk-9999' }, 'other-desk'],
    ['a desk whose id begins like ours', { authorizer: 'alta-desk-3f2a9' }, 'other-desk'],
    ["somebody's", { authorizer: 'iptv' }, 'foreign'],
    ['public', {}, 'foreign'],
  ])('%s', (_case, found, owner) => {
    expect(ownerOf(found, deskId)).toBe(owner)
  })

  it.each([
    ['its authorizer was taken off', { variants: { main: { receiver: 'gate-1' } } }, true],
    ['it shows something else: put there by somebody', { variants: { main: { receiver: 'tv' } } }, false],
    [
      'another desk took it over',
      { authorizer: 'alta-desk-9', variants: { main: { receiver: 'gate-1' } } },
      false,
    ],
  ])('a repair may touch a changed channel: %s', (_case, found, repairable) => {
    expect(isRepairable(found, deskId, gate)).toBe(repairable)
  })
})
