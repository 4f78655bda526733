import { readFileSync } from 'node:fs'
import type { Plugin } from 'vite'

const prefix = '@lucide/svelte/icons/'
/** The name keeps the word by which `vite.config.ts` puts icons into chunks. */
const virtual = '\0lucide:'

/**
 * Lucide ships every icon as a component with all the options of its library, which the first load of each page would pay for. This
 * plugin reads the shapes of an icon and hands them to our own `ui/icon/Icon.svelte`, which has the options that we use.
 */
export function iconsPlugin(): Plugin {
  return {
    name: 'plain-icons',
    enforce: 'pre',
    async resolveId(source, importer) {
      if (!source.startsWith(prefix)) return null
      const found = await this.resolve(source, importer, { skipSelf: true })
      return found && virtual + found.id.replace(/\.js$/, '')
    },
    load(id) {
      if (!id.startsWith(virtual)) return null
      const shapes = iconShapes(readFileSync(`${id.slice(virtual.length)}.svelte`, 'utf8'))
      return [
        `import { iconOf } from '#lib/ui/icon/icon-of.ts'`,
        `export default /* @__PURE__ */ iconOf(${JSON.stringify(shapes)})`,
      ].join('\n')
    },
  }
}

type IconData = { size: number; node: [tag: string, attributes: Record<string, string>][] }

/** What stands inside of the `<svg>`, read from the source of Lucide's component. */
export function iconShapes(component: string): string {
  const written = /const iconData = (\{.*\});/.exec(component)?.[1]
  if (!written) throw new Error('Lucide writes its icons in another way now.')
  const { size, node } = JSON.parse(written) as IconData
  if (size !== 24) throw new Error('An icon of Lucide has another size than Icon.svelte draws.')
  return node.map(([tag, attributes]) => `<${tag}${listed(attributes)}/>`).join('')
}

function listed(attributes: Record<string, string>): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${value}"`)
    .join('')
}
