import importX from 'eslint-plugin-import-x'
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript'
import vue from 'eslint-plugin-vue'
import prettier from 'eslint-config-prettier'
import redos from 'eslint-plugin-redos'
import tseslint from 'typescript-eslint'
import vueParser from 'vue-eslint-parser'

/** Modules in the order in which one may use another: a module imports those before it, never those behind it. */
const modules = ['audit', 'accounts', 'access', 'sign-in', 'servers', 'cameras', 'live', 'events', 'settings']
/** The layers of main/, from the top: each imports what is below it. */
const layers = [
  ['index.ts', 'headless.ts', 'desk.ts', 'desk-options.ts', 'core.ts'],
  ['desktop', 'transport'],
  modules,
  ['module.ts'],
  ['alta'],
  ['stream'],
  ['rpc', 'files', 'jobs'],
  ['store'],
  ['platform'],
].map((names) => names.map((name) => `./main/${name}`))

/** In `target`, nothing of `from` may be imported. */
const forbid = (target, from, message) => ({ target, from, message })

const zones = [
  forbid('./shared', ['./main', './renderer', './preload'], 'shared/ imports nothing of ours above it.'),
  forbid('./shared/domain', './shared/contract', 'contract/ may import domain/, not the other way round.'),
  forbid('./renderer', ['./main', './preload'], 'The page talks to the desk through the contract only.'),
  forbid(
    './preload',
    ['./main', './renderer', './shared'],
    'The preload hands over a port and knows nothing else.',
  ),
  forbid('./main', ['./renderer', './preload'], 'main/ does not know the page.'),
  ...layers
    .slice(1)
    .map((layer, index) =>
      forbid(layer, layers.slice(0, index + 1).flat(), 'A layer imports only what is below it.'),
    ),
  ...modules.slice(0, -1).map((name, index) =>
    forbid(
      `./main/${name}`,
      modules.slice(index + 1).map((later) => `./main/${later}`),
      'A module uses only modules before it.',
    ),
  ),
  forbid(
    ['./main', './shared', './renderer', './preload'],
    ['./test', './scripts'],
    'The product does not import its tests.',
  ),
]

const noElectron = {
  name: 'electron',
  message: 'Only main/desktop/, main/index.ts and preload/ import electron.',
}
const noNode = {
  group: ['node:*', 'electron', 'electron/*'],
  message: 'This code runs in a page: no Node, no Electron.',
}
const noOtherFeature = {
  regex: '^\\.\\./(?!\\.\\.)[a-z-]+/',
  message: 'A feature does not import another feature; share through app/, ui/ or player/.',
}

const noSpreadLiteral = {
  selector: 'SpreadElement > ObjectExpression',
  message: 'Write the properties themselves: TypeScript does not find excess ones in a spread literal.',
}

export default tseslint.config(
  {
    ignores: [
      'out/**',
      'dist/**',
      'node_modules/**',
      'data/**',
      'test-results/**',
      'resources/migrations/**',
    ],
  },
  ...tseslint.configs.recommended,
  ...vue.configs['flat/recommended'],
  {
    files: ['**/*.ts', '**/*.vue', '**/*.mjs', '**/*.js'],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.vue'] } },
    settings: {
      'import-x/resolver-next': [
        createTypeScriptImportResolver({
          project: ['tsconfig.node.json', 'tsconfig.renderer.json'],
          noWarnOnMultipleProjects: true,
        }),
      ],
    },
    rules: {
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-restricted-paths': ['error', { zones }],
      'import-x/no-self-import': 'error',
      'no-restricted-imports': ['error', { paths: [noElectron] }],
      // Filled by declaration merging.
      '@typescript-eslint/no-empty-object-type': [
        'error',
        { allowWithName: '^(AuditActions|ResourceKinds)$' },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': 'allow-with-description' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' },
      ],
      'no-restricted-syntax': ['error', noSpreadLiteral],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-empty': ['error', { allowEmptyCatch: false }],
    },
  },
  {
    files: ['main/**/*.ts', 'preload/**/*.ts'],
    languageOptions: { parserOptions: { project: ['tsconfig.node.json', 'tsconfig.preload.json'] } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      'no-console': 'error',
    },
  },
  {
    // A promise that a test does not wait for can fail unseen.
    files: ['test/unit/main/**/*.ts', 'test/integration/**/*.ts', 'test/fixtures/**/*.ts'],
    languageOptions: { parserOptions: { project: ['tsconfig.node.json', 'tsconfig.browser.json'] } },
    rules: { '@typescript-eslint/no-floating-promises': 'error' },
  },
  {
    files: ['renderer/**/*.ts', 'shared/**/*.ts'],
    languageOptions: { parserOptions: { project: 'tsconfig.renderer.json' } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
    },
  },
  {
    files: ['test/**/*.{test,spec}.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        noSpreadLiteral,
        {
          selector: "CallExpression[callee.property.name='every']",
          message:
            'It is true of an empty list. Filter what is wrong and expect none of it, or compare the list.',
        },
      ],
    },
  },
  {
    // One text from outside must not stop the desk, or a wall: recheck proves that every literal is linear.
    files: [
      'main/**/*.ts',
      'shared/**/*.ts',
      'renderer/**/*.{ts,vue}',
      'preload/**/*.ts',
      'scripts/**/*.mjs',
    ],
    plugins: { redos },
    rules: { 'redos/no-vulnerable': ['error', { ignoreErrors: false, timeout: 60_000 }] },
  },
  { files: ['main/headless.ts'], rules: { 'no-console': 'off' } },
  // A reply of Fastify can be awaited, but nobody means to.
  { files: ['main/transport/http/**/*.ts'], rules: { '@typescript-eslint/return-await': 'off' } },
  {
    files: ['main/desktop/**/*.ts', 'main/index.ts', 'preload/**/*.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    files: ['renderer/**/*.{ts,vue}', 'shared/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [noNode] }] },
  },
  {
    files: ['renderer/features/**/*.{ts,vue}'],
    rules: { 'no-restricted-imports': ['error', { patterns: [noNode, noOtherFeature] }] },
  },
  {
    files: ['**/*.vue'],
    languageOptions: { parser: vueParser },
    rules: { 'vue/multi-word-component-names': 'off' },
  },
  prettier,
)
