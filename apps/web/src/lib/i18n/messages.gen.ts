/** Written by `./veche check --write messages` from messages/en.json. */
export type Messages = {
  ui: {
    close: string
    cancel: string
    dismiss: string
    tryAgain: string
    back: string
    loading: string
    showPassword: string
    hidePassword: string
    clear: string
    notices: string
    partFailed: string
    unreachable: string
  }
  frame: {
    main: string
    skip: string
    chats: string
    meetings: string
    people: string
    settings: string
    administration: string
    administrationShort: string
    connection: string
    online: string
    connecting: string
    offline: string
    serverUnreachable: string
    catchingUp: string
    connectingText: string
    offlineText: string
    serverUnreachableText: string
    catchingUpText: string
    updateReady: string
    updateNow: string
    later: string
    failedTitle: string
    failedText: string
    notFoundTitle: string
    notFoundText: string
    toChats: string
    unreachableTitle: string
    unreachableText: string
    errorTitle: string
    errorText: string
    tryAgain: string
  }
  chats: {
    listing: string
    listed: (given: { listed: string; of: string }) => string
    chats: string
    search: string
    newChat: string
    firstChat: string
    filters: string
    all: string
    unread: string
    unreadCount: (given: { count: number }) => string
    groups: string
    withUnread: (given: { title: string; count: string }) => string
    markedUnread: (given: { title: string }) => string
    draft: string
    you: string
    typing: string
    typingName: (given: { name: string }) => string
    deleted: string
    callLive: string
    muted: string
    pinned: string
    online: string
    sending: string
    sent: string
    delivered: string
    read: string
    failed: string
    yesterday: string
    emptyTitle: string
    emptyText: string
    noUnread: string
    noGroups: string
    notFound: (given: { query: string }) => string
    notFoundText: string
    notSynced: string
    choose: string
  }
  systemMessages: {
    created: (given: { by: string; who: string; title: string }) => string
    renamed: (given: { by: string; who: string; title: string }) => string
    avatar: (given: { by: string; who: string }) => string
    added: (given: { by: string; who: string; names: string }) => string
    removed: (given: { by: string; who: string; name: string }) => string
    left: (given: { by: string; who: string }) => string
    joined: (given: { by: string; who: string }) => string
    role: (given: { by: string; who: string; name: string; role: string }) => string
    inherited: (given: { by: string; who: string }) => string
    meObject: string
    others: (given: { count: number }) => string
  }
  callMessage: {
    call: string
    videoCall: string
    callLive: string
    callEnded: string
    audioLive: string
    audioEnded: string
    signOutEndsCall: string
  }
  conversation: {
    messages: string
    message: string
    send: string
    back: string
    details: string
    today: string
    yesterday: string
    newMessages: string
    jump: string
    messageUnavailable: string
    jumpNew: (given: { count: string }) => string
    deleted: string
    edited: string
    you: string
    said: (given: { name: string; time: string }) => string
    someone: string
    resend: string
    cancel: string
    typing: (given: { name: string }) => string
    typingTwo: (given: { one: string; other: string }) => string
    typingMany: (given: { count: number }) => string
    typingHere: string
    members: (given: { count: number }) => string
    remaining: (given: { count: number }) => string
    remainingSpoken: (given: { count: number }) => string
    tooLong: (given: { count: number }) => string
    emptyTitle: string
    emptyText: string
    failedTitle: string
    olderFailed: string
    newerFailed: string
    goneTitle: string
    goneText: string
    toChats: string
    disabledPerson: string
    arrived: (given: { name: string; text: string }) => string
  }
  storageWarning: {
    notKept: string
    notKeptFull: string
    superseded: string
    reload: string
  }
  avatars: {
    choose: string
    change: string
    remove: string
    changed: string
    removed: string
    cropTitle: string
    frame: string
    cropHint: string
    zoom: string
    zoomValue: (given: { percent: number }) => string
    use: string
    unreadable: string
  }
  groups: {
    markUnread: string
    markRead: string
    mute: string
    unmute: string
    pin: string
    unpin: string
    options: (given: { name: string }) => string
    findPeople: string
    createGroup: string
    groupName: string
    create: string
    back: string
    nobody: string
    nobodyAdmin: string
    nobodyMember: string
    invitePeople: string
    notFoundPerson: (given: { query: string }) => string
    notFoundPersonText: string
    failedPeople: string
    chosen: (given: { count: number }) => string
    chooseMembers: string
    tooManyAtOnce: (given: { count: number }) => string
    remove: (given: { name: string }) => string
    details: string
    group: string
    groupSince: (given: { day: string }) => string
    members: (given: { count: number }) => string
    membersTitle: string
    findMembers: string
    failedMembers: string
    addPeople: string
    add: string
    added: (given: { count: number }) => string
    alreadyIn: string
    owner: string
    moderator: string
    member: string
    itsYou: string
    notifications: string
    pinnedSwitch: string
    historyForNew: string
    rename: string
    renameTitle: string
    save: string
    leave: string
    leaveTitle: (given: { title: string }) => string
    leaveText: string
    leaveLastText: string
    soleOwnerTitle: string
    soleOwnerText: string
    understood: string
    removedFrom: (given: { title: string }) => string
    removedUnsent: (given: { title: string }) => string
    copyText: string
    textCopied: string
    removeFromGroup: string
    removeTitle: (given: { name: string }) => string
    removeText: string
    makeModerator: string
    makeOwnerTitle: (given: { name: string }) => string
    makeOwnerText: string
    makeOwner: string
    makeMember: string
  }
  people: {
    people: string
    find: string
    invite: string
    you: string
    member: string
    admin: string
    owner: string
    disabled: string
    failed: string
    nobody: string
    nobodyAdmin: string
    nobodyMember: string
    notFound: (given: { query: string }) => string
    notFoundText: string
    openFailed: string
  }
  presence: {
    online: string
    seen: (given: { when: string }) => string
    seenNever: string
  }
  meetings: {
    meetings: string
    newMeeting: string
    newTitle: string
    newText: string
    titleLabel: string
    titleDefault: (given: { name: string }) => string
    needTitle: string
    longTitle: (given: { count: number }) => string
    create: string
    createdTitle: string
    createdText: string
    linkOrCode: string
    wrongCode: string
    join: string
    joinNamed: (given: { title: string }) => string
    goBack: string
    now: string
    past: string
    emptyTitle: string
    emptyText: string
    failed: string
    offline: string
    link: string
    linkText: string
    copyLink: string
    copied: string
    notCopied: string
    inCall: (given: { count: number }) => string
    goesOn: string
    audioGoesOn: string
    isOpen: string
    attendanceGone: string
    nobodyIn: string
    begun: (given: { at: string | number | Date }) => string
    lasted: (given: { duration: string }) => string
    people: (given: { count: number }) => string
    nobodyCame: string
    attendance: string
    hideAttendance: string
    stayed: (given: { from: string | number | Date; to: string | number | Date }) => string
    stayedOn: (given: { from: string | number | Date }) => string
    lessThanMinute: string
    minutes: (given: { count: number }) => string
    hours: (given: { minutes: number; hours: number }) => string
    you: string
    someone: string
  }
  call: {
    ready: string
    joinNow: string
    newCallText: string
    newCall: string
    newAudioCall: string
    cancel: string
    microphone: string
    camera: string
    micDevice: string
    camDevice: string
    outDevice: string
    systemDevice: string
    unnamedDevice: (given: { count: number }) => string
    testSound: string
    testing: string
    ownPicture: string
    camIsOff: string
    camStarts: string
    levelLabel: string
    relayOnly: string
    relayHint: string
    alone: (given: { name: string }) => string
    two: (given: { one: string; other: string }) => string
    many: (given: { one: string; other: string; count: number }) => string
    seatedElsewhere: string
    joinLater: string
    inAnother: (given: { title: string }) => string
    withNeither: string
    promptMic: string
    promptCam: string
    deniedMic: string
    deniedCam: string
    missingMic: string
    missingCam: string
    busyMic: string
    busyCam: string
    systemMic: string
    systemCam: string
    tryAgain: string
    wholeTitle: string
    lessTitle: string
    lookFailed: string
    joining: string
    participants: string
    screenOf: (given: { name: string }) => string
    nextScreen: string
    yourScreen: string
    you: string
    mute: string
    unmute: string
    camOff: string
    camOn: string
    share: string
    stopSharing: string
    chat: string
    chatNew: (given: { count: number }) => string
    people: string
    layout: string
    more: string
    leave: string
    controls: string
    close: string
    grid: string
    spotlight: string
    screen: string
    micOff: string
    noMic: string
    cameraOff: string
    speaking: string
    away: string
    awayWhy: string
    weak: string
    weakLoss: string
    weakBandwidth: string
    weakDelay: string
    weakSomehow: string
    frozen: string
    frozenFix: string
    pageOf: (given: { at: number; of: number }) => string
    nextPage: string
    previousPage: string
    moreTiles: (given: { count: number }) => string
    soundAndVideo: string
    soundText: string
    keys: string
    meetingLink: string
    troubleSocket: string
    troubleMedia: string
    troubleRejoining: string
    mutedSpeaking: string
    turnOn: string
    holdSpace: string
    silentMic: string
    restartMic: string
    frozenCam: string
    restartCam: string
    soundBlocked: string
    unblock: string
    dismiss: string
    goneMic: (given: { label: string }) => string
    goneCam: (given: { label: string }) => string
    goneOut: (given: { label: string }) => string
    backMic: (given: { label: string }) => string
    backCam: (given: { label: string }) => string
    backOut: (given: { label: string }) => string
    usingNow: (given: { label: string }) => string
    inNow: string
    alonePeople: string
    invite: string
    options: (given: { name: string }) => string
    showLarge: string
    showGrid: string
    came: (given: { name: string }) => string
    went: (given: { name: string }) => string
    wentAway: (given: { name: string }) => string
    shares: (given: { name: string }) => string
    sharesNot: string
    micIsOff: string
    micIsOn: string
    noChat: string
    returnToCall: string
    inCallWith: (given: { title: string }) => string
    leftTitle: string
    leftText: string
    rejoin: string
    takenTitle: string
    takenText: string
    takeBack: string
    leftChatTitle: string
    leftChatText: string
    removedTitle: string
    removedText: string
    endedTitle: string
    endedText: string
    lostTitle: string
    lostText: string
    failedTitle: string
    toChat: string
    toMeetings: string
    startAgain: string
  }
  settings: {
    settings: string
    profile: string
    appearance: string
    language: string
    sound: string
    password: string
    sessions: string
    keyboard: string
    signOut: string
    signOutTitle: string
    signOutAsk: string
    signOutText: (given: { count: number }) => string
    signOutUncounted: string
    signOutOffline: string
    name: string
    handle: string
    handleHint: (given: { min: number; max: number }) => string
    email: string
    emailHint: string
    save: string
    saved: string
    needName: string
    longName: (given: { max: number }) => string
    wrongHandle: string
    theme: string
    themeSystem: string
    themeLight: string
    themeDark: string
    contrast: string
    contrastHint: string
    languageHint: string
    currentPassword: string
    wrongCurrentPassword: string
    newPassword: string
    passwordHint: (given: { min: number }) => string
    passwordText: string
    changePassword: string
    passwordChanged: string
    needPassword: string
    shortPassword: (given: { min: number }) => string
    longPassword: (given: { max: number }) => string
    sessionsText: string
    thisDevice: string
    otherDevices: string
    noOthers: string
    lastUsed: (given: { when: string }) => string
    signedIn: (given: { when: string }) => string
    now: string
    signOutOne: (given: { device: string }) => string
    signOutOthers: string
    signOutOthersTitle: string
    signOutOthersText: string
    signedOut: string
    sessionsFailed: string
    singleKeys: string
    singleKeysHint: string
    keysTitle: string
    data: string
  }
  shortcuts: {
    title: string
    everywhere: string
    lists: string
    writing: string
    showKeys: string
    search: string
    back: string
    move: string
    ends: string
    open: string
    send: string
    line: string
    calls: string
    mic: string
    cam: string
    talk: string
    space: string
    off: string
  }
  admin: {
    administration: string
    people: string
    invitations: string
    connections: string
    work: string
    forAdmins: string
    forAdminsText: string
    find: string
    options: (given: { name: string }) => string
    member: string
    admin: string
    owner: string
    disabled: string
    you: string
    disable: string
    enable: string
    disableTitle: (given: { name: string }) => string
    disableText: string
    roleTitle: (given: { name: string; role: string }) => string
    memberText: string
    adminText: string
    ownerText: string
    change: string
    nobody: (given: { query: string }) => string
    peopleFailed: string
    invite: string
    inviteTitle: string
    inviteEmail: string
    inviteEmailHint: string
    role: string
    uses: string
    usesLeft: (given: { count: number }) => string
    days: string
    dayCount: (given: { count: number }) => string
    personCount: (given: { count: number }) => string
    createLink: string
    linkTitle: string
    linkText: string
    linkMailed: (given: { email: string }) => string
    link: string
    copyLink: string
    copied: string
    copyFailed: string
    done: string
    wrongEmail: string
    anyone: string
    open: string
    used: string
    expired: string
    revoked: string
    until: (given: { when: string }) => string
    created: (given: { when: string }) => string
    revoke: string
    revokeOne: (given: { whose: string }) => string
    revokeTitle: string
    revokeText: string
    noInvites: string
    noInvitesText: string
    invitesFailed: string
    earlier: string
    parts: string
    database: string
    mail: string
    disk: string
    ok: string
    degraded: string
    down: string
    nodes: (given: { count: number }) => string
    live: string
    since: (given: { when: string }) => string
    nobodyLive: string
    connectionsFailed: string
    workText: string
    noWork: string
    noWorkText: string
    workFailed: string
    attempts: (given: { count: number }) => string
    retry: string
    retryOne: (given: { to: string }) => string
    discard: string
    discardOne: (given: { to: string }) => string
    discardTitle: string
    discardText: string
    retried: string
    discarded: string
    invitation: string
    reset: string
    filePreview: string
    fileMedia: string
    fileRendition: string
    files: string
    filesText: string
    filesFailed: string
    filesAll: string
    filesCount: (given: { count: number }) => string
    filesUsedOf: (given: { used: string; max: string }) => string
    filesUnlimited: (given: { used: string }) => string
    filesNear: (given: { percent: string }) => string
    filesFull: (given: { percent: string }) => string
    filesTaken: (given: { percent: string }) => string
    filesDisk: string
    filesDiskText: (given: { free: string; total: string; reserved: string }) => string
    filesS3: string
    filesS3Text: string
    filesPreviews: string
    filesDue: (given: { count: number }) => string
    filesNoneDue: string
    filesGivenUp: (given: { count: number }) => string
    filesLimits: string
    filesLimitsText: string
    filesLimitFile: string
    filesLimitPerson: string
    filesLimitAll: string
    filesLimitShare: string
    filesLimitReserve: string
    filesNoLimit: string
    filesLargest: string
    filesLargestHint: (given: { shown: number; count: number }) => string
    filesNobody: string
  }
  auth: {
    language: string
    signIn: string
    signInTitle: string
    signInText: string
    email: string
    password: string
    newPassword: string
    name: string
    nameHint: string
    passwordHint: (given: { min: number }) => string
    forgot: string
    noAccount: string
    resetTitle: string
    resetText: string
    sendCode: string
    sendAgain: string
    codeSent: (given: { email: string; minutes: number }) => string
    code: string
    setPassword: string
    otherEmail: string
    backToSignIn: string
    signUpTitle: string
    signUpText: string
    signUpAdmin: string
    createAccount: string
    haveAccount: string
    noInviteTitle: string
    noInviteText: string
    inviteGoneTitle: string
    inviteGoneText: string
    linkGoneTitle: string
    linkGoneText: string
    linkFailed: string
    setupTitle: string
    setupText: string
    recoverTitle: string
    recoverText: (given: { email: string }) => string
    alreadyIn: (given: { name: string }) => string
    alreadyInText: string
    toChats: string
    checking: string
    needName: string
    longName: (given: { max: number }) => string
    needEmail: string
    needPassword: string
    shortPassword: (given: { min: number }) => string
    longPassword: (given: { max: number }) => string
    needCode: string
  }
  public: {
    invited: string
    live: string
    ended: string
    unknown: string
    unknownText: string
    looking: string
    failed: string
    accountNeeded: string
    accountNeededText: string
    setupFirst: string
    setupFirstText: string
  }
  errors: {
    'network.unreachable': string
    'network.timeout': string
    'browser.no_cookie': string
    'input.invalid': string
    'request.foreign_origin': string
    'request.too_many': string
    'request.too_large': string
    'request.too_slow': string
    'auth.required': string
    'auth.guest_forbidden': string
    'auth.other_person': string
    'auth.admin_required': string
    'auth.https_required': string
    'auth.wrong_credentials': string
    'auth.wrong_code': string
    'auth.password_common': string
    'auth.email_taken': string
    'auth.handle_taken': string
    'auth.link_invalid': string
    'auth.invite_invalid': string
    'auth.invite_other_email': string
    'user.not_found': string
    'user.last_owner': string
    'user.forbidden': string
    'chat.not_found': string
    'chat.forbidden': string
    'chat.owner_must_hand_over': string
    'chat.full': string
    'chat.too_many_added': string
    'chat.id_taken': string
    'meeting.not_found': string
    'meeting.forbidden': string
    'meeting.ended': string
    'meeting.full': string
    'meeting.no_node': string
    'meeting.id_taken': string
    'meeting.seat_taken': string
    'meeting.not_seated': string
    'call.ticket_invalid': string
    'call.not_joined': string
    'call.resume_invalid': string
    'call.forbidden': string
    'call.limit': string
    'call.media_refused': string
    'call.media_lost': string
    'call.timeout': string
    'call.ended': string
    'message.conflict': string
    'message.client_id_expired': string
    'message.too_long': string
    'message.empty': string
    'message.not_found': string
    'file.not_found': string
    'file.too_large': string
    'file.quota_full': string
    'file.storage_full': string
    'file.too_many_unsent': string
    'file.unreadable': string
    'file.device_full': string
    'file.incomplete': string
    'file.disk_full': string
    'file.unavailable': string
    'avatar.not_found': string
    'avatar.unreadable': string
    'scope.not_found': string
    'invite.not_found': string
    'work.not_found': string
    'server.busy': string
    'server.unavailable': string
    'version.too_old': string
    'server.disk_full': string
    'server.error': string
  }
  fileLimits: {
    tooLarge: (given: { max: string }) => string
    quotaFull: (given: { used: string; max: string }) => string
    storageFull: (given: { used: string; max: string }) => string
  }
  retry: {
    seconds: (given: { count: number }) => string
    minutes: (given: { count: number }) => string
    hours: (given: { count: number }) => string
    incident: (given: { id: string }) => string
  }
  device: {
    unknown: string
    on: (given: { browser: string; system: string }) => string
  }
  notifications: {
    somethingNew: string
    openApp: string
  }
  fileMessage: {
    photos: (given: { count: number }) => string
    files: (given: { count: number }) => string
    voice: (given: { duration: string }) => string
  }
  files: {
    attach: string
    attached: string
    picked: (given: { count: number }) => string
    dropHere: string
    remove: (given: { name: string }) => string
    removeShort: string
    open: (given: { name: string }) => string
    download: (given: { name: string; size: string }) => string
    uploading: string
    sentOf: (given: { sent: string; total: string }) => string
    cancel: string
    photos: string
    camera: string
    file: string
    smaller: string
    smallerHint: string
    paused: string
    pause: string
    resume: string
    share: string
    shared: string
    chooseChat: string
    andMore: (given: { count: number }) => string
    nothingShared: string
    nothingSharedText: string
    toChats: string
    notAttached: (given: { names: string }) => string
  }
  messageMenu: {
    options: string
    copy: string
    delete: string
    deleteTitle: string
    deleteText: string
  }
  viewer: {
    close: string
    previous: string
    next: string
    ofMany: (given: { index: number; count: number }) => string
    zoom: string
    fit: string
    download: string
    goToMessage: string
    shown: (given: { name: string; author: string; at: string }) => string
    deletedPicture: string
    deletedVideo: string
    you: string
    someone: string
  }
  gallery: {
    title: string
    tabs: string
    media: string
    file: string
    link: string
    voice: string
    mediaEmpty: string
    mediaEmptyText: string
    fileEmpty: string
    fileEmptyText: string
    linkEmpty: string
    linkEmptyText: string
    voiceEmpty: string
    voiceEmptyText: string
    failed: string
    loading: string
    heldOnly: string
    heldEmpty: string
    photo: (given: { author: string; at: string }) => string
    video: (given: { author: string; at: string }) => string
    videoLength: (given: { duration: string; author: string; at: string }) => string
    goToMessage: string
    goTo: (given: { name: string }) => string
    you: string
    someone: string
  }
  dataSettings: {
    title: string
    text: string
    device: string
    deviceHint: string
    messages: string
    files: string
    bound: string
    boundNone: string
    emptyHint: string
    empty: string
    emptied: string
    unsupported: string
    unknown: string
    counting: string
    server: string
    serverFiles: string
    ofLimit: (given: { used: string; limit: string }) => string
    fileLimit: (given: { limit: string }) => string
  }
  voice: {
    record: string
    short: string
    recording: string
    recorded: string
    slideToCancel: string
    lock: string
    cancel: string
    pause: string
    resume: string
    stop: string
    send: string
    delete: string
    paused: string
    asking: string
    denied: string
    missing: string
    busy: string
    unsupported: string
    lost: string
    full: string
    interrupted: string
    almostFull: string
    dismiss: string
  }
  player: {
    play: string
    pause: string
    playOf: (given: { title: string }) => string
    pauseOf: (given: { title: string }) => string
    position: string
    positionOf: (given: { at: string; total: string }) => string
    speed: (given: { rate: string }) => string
    voice: string
    voiceOf: (given: { name: string }) => string
    voiceOfMine: string
    unlistened: string
    unheard: string
    bar: string
    goTo: string
    close: string
    gone: string
    unreachable: string
    unplayable: string
    tryAgain: string
    download: (given: { name: string; size: string }) => string
    video: (given: { name: string }) => string
    videoLength: (given: { name: string; duration: string }) => string
    videoFailed: string
  }
}
