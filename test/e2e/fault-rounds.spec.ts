import { expect } from '@playwright/test'
import type { FaultName } from '../alta-simulator/faults.ts'
import { runFaultRound, startFaultStage, watchClaims } from './stage/fault-rounds.ts'
import type { FalseClaim, FaultStage } from './stage/fault-rounds.ts'
import { signIn, test } from './stage/stage.ts'

/**
 * Those that leave a picture on the screen without a living source; `npm run proofs -- faults` tries every fault, and
 * fallbacks.spec.ts `receiver-frozen` from each state.
 */
const sampled: readonly FaultName[] = ['receiver-stalled', 'hang']

let faults: FaultStage

test.beforeAll(async () => {
  faults = await startFaultStage()
})
test.afterAll(() => faults.stage.stop())

// Would catch: a tile that says Live over a picture that stands, or Frozen over one that moves, from whatever state.
for (const fault of sampled) {
  test(`${fault}: no tile says more than is known, in any state, by WHEP and HLS`, async ({
    page,
    watch,
  }) => {
    test.setTimeout(240_000)
    // Servers with a fault make browsers complain.
    watch.expect(/^console: /)
    const claims: FalseClaim[] = []
    await watchClaims(page, (claim) => claims.push(claim))
    await signIn(page, faults.stage.desk.origin)
    await runFaultRound(page, faults, fault)
    expect(claims).toEqual([])
  })
}
