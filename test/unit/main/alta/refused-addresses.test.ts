import type { lookup } from 'node:dns'
import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import type { buildConnector } from 'undici'
import { describe, expect, test } from 'vitest'
import { HttpExchange } from '../../../../main/alta/http-exchange.ts'
import { isPortOpen } from '../../../../main/alta/ott.ts'
import {
  requireAllowedAddress,
  isRefusedAddress,
  namesRefusedAddress,
} from '../../../../main/alta/refused-addresses.ts'
import { systemClock } from '../../../../main/platform/clock.ts'

/** A name service that knows one name, and another address of it each time it is asked. */
function resolverOf(...answers: readonly (readonly string[])[]): typeof lookup {
  let asked = 0
  const resolve = (
    _name: string,
    _options: object,
    callback: (error: null, all: LookupAddress[]) => void,
  ): void => {
    const addresses = answers[Math.min(asked, answers.length - 1)] ?? []
    asked += 1
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
  return resolve as typeof lookup
}

/** Sockets that go nowhere; `reached` are the addresses that they would have connected to. */
function connectorThatGoesNowhere(reached: string[]): typeof buildConnector {
  return (options) => (target, callback) => {
    const { lookup: look } = options as { lookup: LookupFunction }
    look(target.hostname, { all: true }, (error, addresses) => {
      if (!error) reached.push(...(addresses as LookupAddress[]).map(({ address }) => address))
      callback(error ?? Object.assign(new Error('nowhere'), { code: 'ECONNREFUSED' }), null)
    })
  }
}

async function codeOf(baseUrl: string, resolve: typeof lookup): Promise<{ code: string; reached: string[] }> {
  const reached: string[] = []
  const network = { resolve, connector: connectorThatGoesNowhere(reached) }
  const exchange = new HttpExchange({ baseUrl, connections: 1, connectMs: 1000, clock: systemClock, network })
  try {
    const request = { method: 'GET', path: '/api/config', headers: {} } as const
    await exchange.send(request, new AbortController().signal)
    return { code: 'answered', reached }
  } catch (error) {
    return { code: String((error as { code?: unknown }).code), reached }
  } finally {
    await exchange.stop()
  }
}

const literals = [
  ...['http://169.254.169.254', 'http://169.254.0.1:8100', 'http://169.254.169.254.', 'http://0xa9fea9fe'],
  ...['http://2852039166', 'http://0251.0376.0251.0376', 'http://169.254.43518', 'http://[fe80::1]:8100'],
  ...[
    'http://[febf::1]',
    'http://[fd00:ec2::254]',
    'http://[::ffff:169.254.169.254]',
    'http://[::ffff:a9fe:a9fe]',
  ],
  // Would catch: other spellings of link-local addresses in IPv6, and clouds that keep their metadata elsewhere.
  ...['http://[::ffff:0:a9fe:a9fe]', 'http://[64:ff9b:1::a9fe:a9fe]', 'http://[fd20:ce::254]'],
  ...['http://100.100.100.200', 'http://168.63.129.16', 'http://[::ffff:168.63.129.16]'],
  ...['http://[fd00:ec2::23]', 'http://192.0.0.192', 'http://[::ffff:c000:c0]'],
  ...['http://[::169.254.169.254]', 'http://[64:ff9b::a9fe:a9fe]', 'http://[2002:a9fe:a9fe::1]'],
]

// Would catch: an administrator's session, or a name that an attacker owns, by which the desk asks the cloud it runs in
// for credentials and shows what came back.
describe('link-local and metadata addresses', () => {
  test.each(literals)('%s is never connected to', async (baseUrl) => {
    expect(namesRefusedAddress(new URL(baseUrl))).toBe(true)
    expect(await codeOf(baseUrl, resolverOf(['10.0.0.7']))).toEqual({
      code: 'ALTA_ADDRESS_REFUSED',
      reached: [],
    })
    expect(await isPortOpen(baseUrl, 1000)).toBe(false)
    await expect(requireAllowedAddress(new URL(baseUrl), 'streamUrl')).rejects.toMatchObject({
      params: expect.objectContaining({ field: 'streamUrl' }) as unknown,
    })
  })

  test.each([
    'http://10.0.0.7:8100',
    'http://[fd00::2]',
    'http://127.0.0.1',
    'http://alta.local',
    'http://169.253.1.1',
  ])('%s is an address like any other', (baseUrl) =>
    expect(namesRefusedAddress(new URL(baseUrl))).toBe(false),
  )

  test.each([[['169.254.169.254']], [['10.0.0.7', 'fe80::1%eth0']], [['fd00:ec2::254', '10.0.0.7']]])(
    'a name with the addresses %j is not connected to',
    async (addresses) => {
      const refused = { code: 'ALTA_ADDRESS_REFUSED', reached: [] }
      expect(await codeOf('http://alta.example:8100', resolverOf(addresses))).toEqual(refused)
      const demand = requireAllowedAddress(new URL('http://alta.example.'), undefined, resolverOf(addresses))
      await expect(demand).rejects.toMatchObject({ code: 'ALTA_ADDRESS_REFUSED' })
    },
  )

  // Would catch: a name that is looked up once to be checked and once more to be connected to (DNS rebinding).
  test('the address that was checked is the one that is connected to', async () => {
    const changing = resolverOf(['10.0.0.7'], ['169.254.169.254'])
    const { code, reached } = await codeOf('http://alta.example:8100', changing)
    expect({ code, reached }).toEqual({ code: 'ALTA_UNREACHABLE', reached: ['10.0.0.7'] })
    expect((await codeOf('http://alta.example:8100', changing)).code).toBe('ALTA_ADDRESS_REFUSED')
  })

  test('what is no address is none that is refused', () => {
    expect(['', 'alta.local', '169.254', 'fe80', '%'].map(isRefusedAddress)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ])
  })
})
