export const connectionText = {
  en: {
    redisOk: 'Hints arrive at once.',
    redisAway: 'Away: everything goes on, up to three seconds later.',
    mailbox: 'Local mailbox: no SMTP_URL is set, all mail is kept at /dev/mail.',
    free: (gigabytes: string) => `${gigabytes} GB free`,
    noFolder: 'The data folder cannot be read.',
  },
  ru: {
    redisOk: 'Подсказки приходят сразу.',
    redisAway: 'Недоступен: всё работает, но с задержкой до трёх секунд.',
    mailbox: 'Локальный ящик: SMTP_URL не задан, все письма лежат на /dev/mail.',
    free: (gigabytes: string) => `Свободно ${gigabytes.replace('.', ',')}\u00a0ГБ`,
    noFolder: 'Папка данных не читается.',
  },
}
