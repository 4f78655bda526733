/** Quotation marks within quotation marks are of the other kind. */
export function inQuotesRu(text: string): string {
  return `«${text.replace(/[«“"]/g, '„').replace(/[»”]/g, '“')}»`
}
