/** Shapes of a whole short text: openings of a conversation, words of agreement, look-ups, chores. */

const PUNCTUATION = String.raw`[\s\p{P}\p{S}]*`;

function beginning(...phrases: readonly string[]): RegExp {
  return new RegExp(
    `^${PUNCTUATION}(?:${phrases.join('|')})(?![\\p{Script=Latin}\\p{Script=Cyrillic}])`,
    'u',
  );
}

/** Begins with a greeting or thanks. */
export const GREETING = beginning(
  "hi|hello|hey|heya|hiya|yo|howdy|good (?:morning|afternoon|evening|night)|greetings|what'?s up|sup",
  'thanks|thank you|thx|ty|awesome|nice|cool|great|lovely|wonderful|cheers|bye|goodbye|see you',
  'hallo|hi|moin|goedemorgen|super|prima|klasse|genial|dzień dobry|cześć|dzięki|merhaba|teşekkürler|bedankt|servus|guten (?:tag|morgen|abend)|grüß gott|danke|vielen dank|tschüss',
  'bonjour|salut|bonsoir|coucou|merci|hola|buen(?:os|as) (?:días|tardes|noches)|gracias|olá|oi|bom dia|boa tarde',
  'obrigad[oa]|ciao|buongiorno|buonasera|grazie|привет|здравствуйте|добрый день|спасибо',
  '你好|您好|谢谢|早上好|こんにちは|おはよう|こんばんは|ありがとう|안녕|감사합니다|고마워',
);

/** Agrees, disagrees or tells to go on, and says nothing else. */
export const GO_ON = new RegExp(
  `^${PUNCTUATION}(?:${[
    'y|yes|yep|yeah|yup|no|nope|ok|okay|k|sure|right|correct|exactly|perfect|great|good|fine|please|go on|go ahead|do it|do that',
    'proceed|continue|carry on|keep going|next|again|try again|retry|sounds good|looks good|lgtm|agreed|option \\w+|both|all of them',
    'thanks|thank you|got it|makes sense|that|it|now|and|then|so|the first one|the second one|use the (?:first|second) \\w+|instead',
    "ja|nein|genau|gerne|bitte|mach das|mach weiter|weiter|passt|gut|und|danke|oui|non|d'accord|vas-y|continue|continuez|parfait|merci",
    'sí|si|no|vale|claro|adelante|hazlo|continúa|sigue|gracias|sim|não|pode|pode continuar|continue|isso|va bene|certo|procedi|avanti|grazie',
    'да|нет|хорошо|давай|продолжай|дальше|ок|спасибо|好|好的|可以|是的|对|行|继续|接着|谢谢|はい|いいえ|お願いします|続けて|了解|네|응|계속|좋아',
  ].join(
    '|',
  )})(?:${PUNCTUATION}(?:yes|ok|do|that|it|this|please|go|on|ahead|and|proceed|now|thanks|mach|das|weiter|bitte|vas-y|hazlo|adelante|继续|then|approach|one|instead|for|me))*${PUNCTUATION}$`,
  'u',
);

/** Asks for one fact. */
export const LOOK_UP = beginning(
  "what(?:'?s| is| was| are| does| time| version| year| day| language| port)|who(?:'?s| is| was| wrote| \\w+ed)|when|where(?:'?s)?",
  'which|how (?:many|much|old|tall|far|long|big|do you (?:spell|pronounce|say))|is|are|does|did|define|convert|synonym|antonym|how do i (?:say|spell|pronounce)',
  'was (?:ist|heißt|bedeutet|sind)|wie (?:heißt|spät|viele?|hoch|alt|lang|weit)|wer|wann|wo|welche[rs]?',
  "quel(?:le)?s?|qui|quand|où|combien|qu'est-ce que|cuál|cómo se dice|cuántos?|cuántas?|quién|cuándo|dónde|qué (?:es|hora|significa)",
  "c'est quoi|wat is|wie is|waar|wanneer|hoe (?:laat|veel|oud)|co to|ile|kiedy|gdzie|kto|nerede|kaç|ne zaman|kim",
  'qual|quem|quando|onde|quantos|quantas|o que é|qual è|chi|dove|quanti|quante|сколько|кто|когда|где|какой|какая|что такое',
);
/** The same in languages that put the question at the end. */
export const LOOK_UP_ANYWHERE =
  /(?:哪里|哪个|多少|几点|是谁|什么时候|是什么|何メートル|何人|いくつ|どこ|いつ|誰|何時|nerede|neresi|kaçtır|얼마|어디|언제|누구|몇)/u;

/** Tells to do one small thing that needs no judgement. */
export const CHORE = beginning(
  'run|re-?run|start|stop|restart|open|close|list|show me|print|display|commit|push|pull|git|npm|cd|ls|cat',
  'rename|delete|bump|install|format|lint|turn (?:on|off)|remind me|set (?:a|an) (?:timer|alarm|reminder)|call|play|say|echo',
  'translate|spell|capitali[sz]e|uppercase|lowercase|sort|count|extract(?!.* (?:in)?to )|classify|label|generate a (?:short )?title|title',
  'remove (?:the |all )?(?:unused|trailing|file|folder|comment|blank)|undo|revert|snooze|cancel|mute|pause|save|copy|tail|kill|ping|checkout|check out|rebase|stash|clear|uninstall|uncomment|comment out|put (?:these|this|the) .{1,30} in|round',
  'switch to|move [\\w./-]+ (?:in)?to|make (?:this|it|all|these)(?: all)? (?:lower|upper)\\s?case',
  'fix the typo|fix typo|correct the typo|add \\w+ to my|read heartbeat',
  'übersetze|führe|starte|öffne|liste|zeige?(?!,? dass)|lösche|lance|ouvre|affiche|traduis|muéstrame|muestra|ejecuta|traduce',
  'execute|mostre|abra|traduza|esegui|mostra|traduci|запусти|покажи|открой|переведи|удали',
);
export const CHORE_ANYWHERE =
  /(?:翻译成|运行测试|运行|打开|列出|を実行して|を開いて|翻訳して|번역해|실행해|열어|in großbuchstaben|heartbeat_ok|answer (?:yes or no|with one word)|reply with (?:the|only))/u;

/** A side job of an agent, in its system prompt or its text: a title, a topic, a label. */
export const SIDE_JOB =
  /(?:title generator|generate (?:a |an )?(?:\w+ )?(?:title|topic|commit message|branch name)|heartbeat_ok|indicates a new conversation topic)/u;

/** Asks to explain, compare or make something after all. */
export const MORE_THAN_A_FACT =
  /(?:difference|explain|compare|pros and cons|why|how (?:does|would|can|should|do(?! you (?:spell|pronounce|say)))|example|when would|happens when|each part|recommend|unterschied|erkläre|warum|explique|différence|pourquoi|explica|por qué|diferencia|因此|为什么|解释|区别|説明|違い|なぜ|설명|объясни|почему|отлич|design|should i|error|policy|(?:main|key) (?:points|ideas|arguments|takeaways)|overview|takeaway|should|ever |what do you think|argument|and (?:where|how|when|why|what)|prove (?:that|the|or))/u;
