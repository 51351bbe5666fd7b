import { expect } from '@playwright/test'
import type { FaultName } from '../alta-simulator/faults.ts'
import { runFaultRound, startFaultStage, watchClaims } from './stage/fault-rounds.ts'
import type { FalseClaim, FaultStage } from './stage/fault-rounds.ts'
import { anotherBrowser } from './stage/people.ts'
import { signIn, test } from './stage/stage.ts'

/**
 * Those that leave a picture on the screen without a living source; `npm run proofs -- faults` tries every fault, and
 * fallbacks.spec.ts `receiver-frozen` from each state.
 */
const sampled: readonly FaultName[] = ['receiver-stalled', 'hang']

/** A desk and a server for each, so that they can be watched at the same time: nearly all of a round is watching. */
let rounds: { readonly fault: FaultName; readonly faults: FaultStage }[]

test.beforeAll(async () => {
  rounds = await Promise.all(sampled.map(async (fault) => ({ fault, faults: await startFaultStage() })))
})
test.afterAll(() => Promise.all(rounds.map(({ faults }) => faults.stage.stop())))

// Would catch: a tile that says Live over a picture that stands, or Frozen over one that moves, from whatever state.
test(`${sampled.join(', ')}: no tile says more than is known, in any state, by WHEP and HLS`, async ({
  browser,
  watch,
}) => {
  test.setTimeout(240_000)
  // Servers with a fault make browsers complain.
  watch.expect(/^console: /)
  const claims: (FalseClaim & { readonly fault: FaultName })[] = []
  await Promise.all(
    rounds.map(async ({ fault, faults }) => {
      const context = await anotherBrowser(browser, watch)
      const page = await context.newPage()
      await watchClaims(page, (claim) => claims.push({ fault, ...claim }))
      await signIn(page, faults.stage.desk.origin)
      await runFaultRound(page, faults, fault)
      await context.close()
    }),
  )
  expect(claims).toEqual([])
})
