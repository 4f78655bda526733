/** Puts a text into Russian quotation marks. Those inside it become the inner kind. */
export function inQuotesRu(text: string): string {
  return `«${text.replace(/[«“"]/g, '„').replace(/[»”]/g, '“')}»`
}
