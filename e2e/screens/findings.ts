import axe from 'axe-core'
import type { Page } from 'playwright-core'
import type { Device } from '../browser/Device.ts'
import { setTheme } from './tour.ts'

type Axe = {
  run(
    options: object,
  ): Promise<{ violations: { id: string; nodes: { target: unknown[]; failureSummary?: string }[] }[] }>
}

const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

const sizes = [
  { width: 360, height: 740 },
  { width: 1440, height: 900 },
]

/** What axe finds, what sticks out of the window and what is not English, at both sizes. Colours are checked in the dark theme and in high contrast as well. */
export async function findings(device: Device, { highContrast = true } = {}): Promise<string[]> {
  const { page } = device
  const before = page.viewportSize()
  const found = (await foreignWords(page, 'en')).map((text) => `not English: ${text}`)
  for (const theme of ['light', 'dark'] as const) {
    await setTheme(device, theme)
    if (highContrast) found.push(...(await inHighContrast(page)).map((each) => `${theme}, high contrast: ${each}`))
    for (const size of sizes) {
      await page.setViewportSize(size)
      // Colours are all that the dark theme changes.
      const all = [
        ...(await axeFindings(page, theme === 'dark' ? ['color-contrast'] : undefined)),
        ...(await overflowing(page)),
      ]
      found.push(...all.map((each) => `${theme}, ${size.width} px: ${each}`))
    }
  }
  await setTheme(device, 'light')
  if (before) await page.setViewportSize(before)
  return found
}

async function inHighContrast(page: Page): Promise<string[]> {
  await page.emulateMedia({ contrast: 'more' })
  await page.waitForFunction(() => document.documentElement.dataset['contrast'] === 'more')
  const found = await axeFindings(page, ['color-contrast'])
  await page.emulateMedia({ contrast: 'no-preference' })
  return found
}

/** What axe finds against WCAG 2.2 AA and good practice, or by these rules alone, one line each. */
export async function axeFindings(page: Page, rules?: string[]): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  const runOnly = rules ? { type: 'rule', values: rules } : { type: 'tag', values: standards }
  const found = await page.evaluate((options) => (window as unknown as { axe: Axe }).axe.run(options), {
    runOnly,
    resultTypes: ['violations'],
  })
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary?.replace(/\s+/g, ' ')}`),
  )
}

/** What sticks out of the window at its side. */
export function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { scrollWidth } = document.documentElement
    if (scrollWidth <= innerWidth) return []
    const wide = [...document.querySelectorAll('body *')].filter(
      (each) => each.getBoundingClientRect().right > innerWidth + 1,
    )
    return wide.map(
      (each) =>
        `${each.tagName.toLowerCase()}.${each.getAttribute('class')} reaches ${each.getBoundingClientRect().right} of ${innerWidth}`,
    )
  })
}

/** Words of the navigation and facts about people that are cut off. Names may be long, and are read in full elsewhere. */
export function cutWords(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('.navigation .word, .person small')]
      .filter((each) => each.scrollWidth > each.clientWidth)
      .map((each) => `"${each.textContent}" is cut off`),
  )
}

/** Controls that a thumb misses: those below 44 px that do not stand inside a line of text. */
export function smallTargets(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const controls = 'button, a[href], input, select, textarea, summary, [role=switch], [role=menuitem], [role=tab]'
    return [...document.querySelectorAll(controls)].flatMap((each) => {
      // A label that holds a field is pressed like the field.
      const { width, height } = (each.closest('label') ?? each).getBoundingClientRect()
      const isHidden = !each.checkVisibility({ visibilityProperty: true }) || Math.min(width, height) <= 1
      if (isHidden || getComputedStyle(each).display === 'inline' || Math.min(width, height) >= 43.5) return []
      const name = each.getAttribute('aria-label') ?? each.textContent?.trim() ?? ''
      return [`${each.tagName.toLowerCase()} "${name}" is ${Math.round(width)} × ${Math.round(height)} px`]
    })
  })
}

/** Keys, codes, what programs leave behind when a word is missing, and words of another language than this. */
export async function foreignWords(page: Page, locale: 'en' | 'ru'): Promise<string[]> {
  const foreign = locale === 'en' ? /[а-яё]/i : /[a-z]{2,}/i
  return (await words(page)).filter((text) => leftovers.test(text) || foreign.test(text.replace(kept[locale], '')))
}

const leftovers =
  /\bundefined\b|\bnull\b|\bNaN\b|\[object|\{\w*\}|\b(auth|user|chat|message|input|request|server|network|scope|invite|mail)\.[a-z_]+\b/

/** Names of things that are written so in the other language too. */
const kept = {
  en: /Русский/g,
  ru: /\b(Veche|English|PostgreSQL|Redis|API|Ctrl|Esc|Enter|Shift|Home|End|Chrome|Linux|veche admin link|SMTP_URL|S3|[A-Z]+(?:_[A-Z]+)+)\b|@[a-z0-9_]+|[\w.+-]+@example\.org|https?:\S+|\/dev\/mail|127\.0\.0\.1/g,
}

/** Every text that is seen or read aloud: text, names, descriptions and hints. */
function words(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found = new Set<string>([document.title])
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      const hidden = node.parentElement?.closest('script, style, noscript, [data-own-words]')
      if (!hidden && node.textContent?.trim()) found.add(node.textContent.trim())
    }
    for (const each of document.querySelectorAll('[aria-label], [title], [placeholder], [alt], [aria-description]'))
      for (const name of ['aria-label', 'title', 'placeholder', 'alt', 'aria-description']) {
        const value = each.getAttribute(name)?.trim()
        if (value) found.add(value)
      }
    return [...found]
  })
}
