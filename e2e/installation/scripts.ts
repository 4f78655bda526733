/** Who works together and what they have said: enough to look real. Author 0 is the person who looks at it. */
export type Line = { by: number; ago: string; text: string }
export type Script = {
  /** Names, and what stands before the @ in their addresses. */
  people: [name: string, email: string][]
  chats: { title?: string; with: number[]; lines: Line[]; unread?: number; pinned?: boolean; muted?: boolean }[]
  words: { draft: string; typing: number }
}

const line = (by: number, ago: string, text: string): Line => ({ by, ago, text })

export const english: Script = {
  people: [
    ['Anna Lindqvist', 'anna'],
    ['Boris Petrov', 'boris'],
    ['Chiara Rossi', 'chiara'],
    ['Daniel Okafor', 'daniel'],
    ['Emma Clarke', 'emma'],
    ['Farid Haddad', 'farid'],
    ['Grace Nakamura', 'grace'],
    ['Maximiliane von Hohenfels-Wolkenstein, Office of the North', 'max'],
  ],
  chats: [
    {
      title: 'Harbour house',
      with: [1, 2, 3, 4, 6],
      pinned: true,
      lines: [
        line(
          2,
          '1d 5h',
          'The drawings of the second floor are on the table in the small room. Please write your remarks on them, not in the margins of mine :)',
        ),
        line(0, '1d 4h', 'Seen. The stairs are lovely. Two remarks about the doors to the terrace, both small.'),
        line(3, '1d 4h', 'The carpenter can come on Thursday at nine or on Friday after lunch.'),
        line(1, '3h', 'Thursday suits me.'),
        line(1, '3h', 'I will bring the samples of oak and larch, then we can hold them against the wall.'),
        line(4, '2h', 'Larch, please! It grows grey so beautifully.'),
        line(0, '95m', 'Then Thursday at nine. Daniel, would you tell him?'),
        line(3, '90m', 'Told him. He is glad, and asks for a parking place in the yard.'),
        line(
          2,
          '12m',
          'I have put the remarks together:\n1. the doors to the terrace open inwards\n2. one more socket by the window\n3. larch, if the samples are as good as they say',
        ),
        line(6, '9m', 'The plan of the terrace is at https://harbour.example.org/terrace if anybody looks for it.'),
        line(2, '4m', 'Thank you all. See you on Thursday.'),
      ],
      unread: 2,
    },
    {
      with: [1],
      lines: [
        line(1, '50m', 'Could you look at the offer before four?'),
        line(0, '45m', 'Reading it now.'),
        line(0, '31m', 'Done: two figures on page three, everything else is fine.'),
        line(1, '26m', 'You are quick. Corrected and sent.'),
      ],
    },
    {
      title: 'Tea at four',
      with: [2, 4, 5, 6, 7],
      lines: [
        line(5, '3h', 'There is quince cake today.'),
        line(4, '2h', 'Then I am in the office after all.'),
        line(7, '70m', 'Keep a piece for the North, we are on the train.'),
      ],
      unread: 3,
    },
    {
      with: [2],
      lines: [
        line(0, '1d 2h', 'How was the talk?'),
        line(2, '1d 1h', 'Full house, and the microphone worked.'),
        line(2, '40m', 'I shall send you the photographs tonight.'),
      ],
      unread: 1,
    },
    {
      with: [7],
      lines: [
        line(7, '2d', 'The office of the North sends greetings, and the minutes of Monday.'),
        line(0, '2d', 'Thank you. Greetings back!'),
      ],
    },
    {
      title: 'Announcements for the whole house',
      with: [1, 2, 3, 4, 5, 6, 7],
      muted: true,
      lines: [line(4, '3d', 'The front door gets a new lock on Saturday. Keys are with Grace.')],
      unread: 1,
    },
    { with: [4], lines: [line(4, '4d', 'The keys are in the blue box.'), line(0, '4d', 'Found them.')] },
    { with: [5], lines: [line(0, '5d', 'Is the meeting room free on Friday?'), line(5, '5d', 'From noon on, yes.')] },
  ],
  words: { draft: 'And would you bring the ', typing: 2 },
}

export const russian: Script = {
  people: [
    ['Анна Соколова', 'anna'],
    ['Борис Лебедев', 'boris'],
    ['Вера Иванова', 'vera'],
    ['Глеб Морозов', 'gleb'],
    ['Дарья Кузнецова', 'daria'],
    ['Егор Смирнов', 'egor'],
    ['Жанна Орлова', 'zhanna'],
    ['Константин Константинович Рождественский-Преображенский, филиал', 'konstantin'],
  ],
  chats: [
    {
      title: 'Дом у гавани',
      with: [1, 2, 3, 4, 6],
      pinned: true,
      lines: [
        line(
          2,
          '1d 5h',
          'Чертежи второго этажа лежат на столе в малой комнате. Пишите замечания прямо на них, только не на моих полях :)',
        ),
        line(0, '1d 4h', 'Посмотрела. Лестница чудесная. Два замечания о дверях на террасу, оба небольшие.'),
        line(3, '1d 4h', 'Столяр может приехать в четверг к девяти или в пятницу после обеда.'),
        line(1, '3h', 'Мне подходит четверг.'),
        line(1, '3h', 'Привезу образцы дуба и лиственницы, приложим их к стене.'),
        line(4, '2h', 'Лиственницу, пожалуйста! Она так красиво седеет.'),
        line(0, '95m', 'Значит, четверг, девять утра. Глеб, передашь ему?'),
        line(3, '90m', 'Передал. Он рад и просит место для машины во дворе.'),
        line(
          2,
          '12m',
          'Собрала замечания:\n1. двери на террасу открываются внутрь\n2. ещё одна розетка у окна\n3. лиственница, если образцы так хороши, как говорят',
        ),
        line(6, '9m', 'План террасы, если кто ищет: https://гавань.example.org/терраса'),
        line(2, '4m', 'Всем спасибо. До четверга.'),
      ],
      unread: 2,
    },
    {
      with: [1],
      lines: [
        line(1, '50m', 'Посмотришь предложение до четырёх?'),
        line(0, '45m', 'Уже читаю.'),
        line(0, '31m', 'Готово: две цифры на третьей странице, остальное хорошо.'),
        line(1, '26m', 'Быстро ты. Исправил и отправил.'),
      ],
    },
    {
      title: 'Чай в четыре',
      with: [2, 4, 5, 6, 7],
      lines: [
        line(5, '3h', 'Сегодня пирог с айвой.'),
        line(4, '2h', 'Тогда я всё-таки приеду.'),
        line(7, '70m', 'Оставьте кусочек филиалу, мы в поезде.'),
      ],
      unread: 3,
    },
    {
      with: [2],
      lines: [
        line(0, '1d 2h', 'Как прошёл доклад?'),
        line(2, '1d 1h', 'Полный зал, и микрофон работал.'),
        line(2, '40m', 'Вечером пришлю фотографии.'),
      ],
      unread: 1,
    },
    {
      with: [7],
      lines: [
        line(7, '2d', 'Филиал передаёт привет и протокол понедельника.'),
        line(0, '2d', 'Спасибо! И вам привет.'),
      ],
    },
    {
      title: 'Объявления для всего дома',
      with: [1, 2, 3, 4, 5, 6, 7],
      muted: true,
      lines: [line(4, '3d', 'В субботу у входной двери будет новый замок. Ключи у Жанны.')],
      unread: 1,
    },
    { with: [4], lines: [line(4, '4d', 'Ключи в синей коробке.'), line(0, '4d', 'Нашла.')] },
    { with: [5], lines: [line(0, '5d', 'Переговорная свободна в пятницу?'), line(5, '5d', 'С полудня, да.')] },
  ],
  words: { draft: 'И захвати, пожалуйста, ', typing: 2 },
}
