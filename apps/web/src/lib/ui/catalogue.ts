import { catalogue } from '#lib/i18n/catalogue.ts'

export const uiWords = catalogue({
  en: {
    close: 'Close',
    cancel: 'Cancel',
    dismiss: 'Dismiss',
    tryAgain: 'Try again',
    back: 'Back',
    loading: 'Loading',
    showPassword: 'Show password',
    hidePassword: 'Hide password',
    clear: 'Clear',
    notices: 'Notices',
    partFailed: 'This part of the app could not be loaded.',
    unreachable: 'The server could not be reached. Check the connection and try again.',
  },
  ru: {
    close: 'Закрыть',
    cancel: 'Отмена',
    dismiss: 'Убрать',
    tryAgain: 'Попробовать снова',
    back: 'Назад',
    loading: 'Загрузка',
    showPassword: 'Показать пароль',
    hidePassword: 'Скрыть пароль',
    clear: 'Очистить',
    notices: 'Уведомления',
    partFailed: 'Эта часть приложения не загрузилась.',
    unreachable: 'Сервер не отвечает. Проверьте соединение и попробуйте ещё раз.',
  },
})
