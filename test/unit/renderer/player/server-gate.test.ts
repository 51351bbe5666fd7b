import { expect, test } from 'vitest'
import { Ledger } from '../../../../renderer/player/ledger.ts'
import { ServerGate } from '../../../../renderer/player/server-gate.ts'
import { FakeClock } from './fake-clock.ts'

const url = 'http://alta.example:8200/cam/whep?token=t'

function gateWith(answers: () => boolean): {
  gate: ServerGate
  clock: FakeClock
  ledger: Ledger
  probes: number[]
} {
  const clock = new FakeClock()
  const ledger = new Ledger(clock)
  const probes: number[] = []
  const gate = new ServerGate(ledger, () => {
    probes.push(clock.now())
    return Promise.resolve(answers())
  })
  return { gate, clock, ledger, probes }
}

test('one probe at a time asks for all tiles, at least once a second, and all go at once', async () => {
  let up = false
  const { gate, clock, probes } = gateWith(() => up)
  const gone: number[] = []
  for (let tile = 0; tile < 16; tile++) gate.wait(() => gone.push(tile))
  gate.lost(url, false)
  gate.lost(url, false)
  await clock.pass(5000)
  expect(probes.length).toBeGreaterThanOrEqual(5)
  expect(probes.length).toBeLessThanOrEqual(8)
  expect(gone).toEqual([])
  up = true
  await clock.pass(1000)
  expect(gone).toHaveLength(16)
  expect(gate.down).toBe(false)
  expect(clock.pending).toBe(0)
})

test('a server that stays away is asked less often after a minute', async () => {
  const { gate, clock, probes } = gateWith(() => false)
  gate.wait(() => undefined)
  gate.lost(url, false)
  await clock.pass(60_000)
  const first = probes.length
  await clock.pass(60_000)
  expect(probes.length - first).toBeLessThan(first / 3)
})

test('a server that answers probes but not this page is not asked in a circle, and is told apart', async () => {
  const { gate, clock, probes } = gateWith(() => true)
  const again = (): void => {
    gate.wait(again)
    gate.lost(url, false)
  }
  again()
  await clock.pass(30_000)
  expect(gate.refusesPage).toBe(true)
  expect(probes.length).toBeLessThan(15)
})

test('nobody waits: nobody is asked', async () => {
  const { gate, clock, probes } = gateWith(() => false)
  const leave = gate.wait(() => undefined)
  gate.lost(url, false)
  leave()
  await clock.pass(5000)
  expect(probes).toEqual([])
})

test('closing leaves no timer', async () => {
  const { gate, clock, ledger } = gateWith(() => false)
  gate.wait(() => undefined)
  gate.lost(url, false)
  await clock.pass(3000)
  gate.close()
  expect(clock.pending).toBe(0)
  expect(ledger.count('timers')).toBe(0)
})

test('a server whose WHEP hangs while it answers probes is not said to refuse the page', async () => {
  const { gate, clock } = gateWith(() => true)
  const again = (): void => {
    gate.wait(again)
    gate.lost(url, true)
  }
  again()
  await clock.pass(30_000)
  expect(gate.refusesPage).toBe(false)
})
