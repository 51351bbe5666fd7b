import { defineConfig } from 'vitest/config'

/** A shared build machine may stall for seconds: there, and nowhere else, a test has a second try. */
const retry = process.env.CI ? 1 : 0

/** Two projects: quick rules with a fake clock, and whole desks against the simulator. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          environment: 'node',
          testTimeout: 15_000,
          retry,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          environment: 'node',
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          retry,
        },
      },
    ],
  },
})
