import { chromium } from '@playwright/test'
import { faultDescriptions, isFaultName } from '../alta-simulator/faults.ts'
import { runFaultRound, startFaultStage, watchClaims } from '../e2e/stage/fault-rounds.ts'
import { signIn } from '../e2e/stage/stage.ts'
import type { Proof } from './proof.ts'

const faultNames = Object.keys(faultDescriptions).filter(isFaultName)

/**
 * Every fault of the simulator is put on tiles in every state, by WHEP and HLS: none may say Live over a picture that
 * stands, nor Frozen over one that moves. `count` is how many of the faults are tried.
 */
export const faults: Proof = {
  name: 'faults',
  defaultCount: faultNames.length,
  counts: 'faults',
  async run(count) {
    const stage = await startFaultStage()
    const browser = await chromium.launch({
      ...(process.env.ALTA_DESK_CHROMIUM ? { executablePath: process.env.ALTA_DESK_CHROMIUM } : {}),
      args: ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required'],
    })
    const failures: string[] = []
    const tried = faultNames.slice(0, count)
    try {
      let fault = ''
      const page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
      await watchClaims(page, ({ camera, word, picture, forMs }) => {
        failures.push(`${fault}: ${camera} said "${word}" over a picture that was ${picture} for ${forMs} ms`)
      })
      await signIn(page, stage.stage.desk.origin)
      for (fault of tried) {
        console.log(`  ${fault}...`)
        if (!isFaultName(fault)) continue
        await runFaultRound(page, stage, fault).catch((error: unknown) => {
          failures.push(`${fault}: the round broke off: ${String(error)}`)
        })
      }
    } finally {
      await browser.close()
      await stage.stage.stop()
    }
    const claim = `${tried.length} faults on 6 tiles in 4 states each, by WHEP and HLS: ${failures.length} false claims`
    return { claim, tries: tried.length, failures }
  },
}
