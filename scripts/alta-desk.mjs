#!/usr/bin/env node
// The command `alta-desk` of a checkout: the headless desk and its subcommands (serve, check-config, verify-audit).
process.argv.splice(2, 0, 'desk')
await import('./launch.mjs')
