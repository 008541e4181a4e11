// Text that something on its way might mangle.

/** The basic plane without its surrogates: every character that one UTF-16 unit holds. */
const units = Array.from({ length: 0x10000 }, (_, unit) => unit);
export const BASIC_PLANE = String.fromCharCode(...units.filter((unit) => unit < 0xd800 || unit > 0xdfff));

/** What scripts, JSON, SockJS and STOMP have to escape, or must not. */
export const EDGES = [
  '</script>',
  '<script>parent.stop()</script><!-- ]]>',
  'line\u2028paragraph\u2029end',
  '\ufff0\ufff9\ufffa\ufffb\ufffc\ufffd\ufffe\uffff',
  '\ufdd0\ufdef\ufeff\ue000\uf8ff\ud7ff',
  '\u0000\u0001\u0007\b\t\n\v\f\r\u001b\u001f\u007f\u0080\u0085\u009f\u00ad',
  '\u0300\u0301 e\u0301 n\u0303 \u1100\u1161\u11a8 क्षि ก็ \u200b\u200c\u200d\u200e\u202e\u2060\u206f',
  '😀 👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 👍🏽 \u{10000}\u{1f4a9}\u{10fffe}\u{10ffff}',
  'quote " apostrophe \' backslash \\ \\n \\u2028 slash / percent %00 %E2%82%AC plus + amp & semi ;',
  'o',
  'h',
  'a["x"]',
  'c[3000,"Go away!"]',
  '[]',
  '"',
  '\r\n',
  'data: x\r\n\r\n',
  '',
];

/** 64 KiB of one-octet characters, and more than that of all lengths. */
export const LARGE = ['0123456789abcdef'.repeat(4096), 'Kurs: 195,30 € für 50 Stück "ÄÖ€😀"\n'.repeat(2000)];
