import { contractProcedures } from '../fixtures/contract-procedures.ts'
import { startDeskInProcess, testAdmin } from '../fixtures/desk-in-process.ts'
import { fuzzProcedure } from '../fixtures/fuzz-procedure.ts'
import type { Proof } from './proof.ts'

/** `count` random inputs to every procedure, over both doors: none may be answered with a 500. */
export const fuzz: Proof = {
  name: 'fuzz',
  defaultCount: 10_000,
  run: async (count) => {
    const desk = await startDeskInProcess({ people: [testAdmin] })
    const failures: string[] = []
    const procedures = contractProcedures()
    try {
      for (const procedure of procedures) {
        console.log(`  ${procedure.name}`)
        failures.push(...(await fuzzProcedure(desk, procedure, count)))
      }
    } finally {
      await desk.stop()
    }
    return {
      claim: `${count} random inputs to each of ${procedures.length} procedures, over both doors, are answered with no 500`,
      tries: count * procedures.length,
      failures,
    }
  },
}
