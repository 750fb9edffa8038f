/* SPDX-License-Identifier: ISC */
/* Short texts in the character sets of mail, as Python's codecs write them. */
#ifndef CHARSET_SAMPLES_H
#define CHARSET_SAMPLES_H

/* clang-format off */
static const struct {
	const char *set, *base64, *percent, *utf8;
} charset_samples[] = {
    {"ISO-2022-JP", "GyRCRnxLXDhsJUYlOSVIGyhC",
	"%1B%24%42%46%7C%4B%5C%38%6C%25%46%25%39%25%48%1B%28%42",
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88"},
    {"Shift_JIS", "k/qWe4zqg2WDWINn",
	"%93%FA%96%7B%8C%EA%83%65%83%58%83%67",
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88"},
    {"EUC-JP", "xvzL3LjspcaluaXI",
	"%C6%FC%CB%DC%B8%EC%A5%C6%A5%B9%A5%C8",
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88"},
    {"GB18030", "yNWxvtVapcaluaXI",
	"%C8%D5%B1%BE%D5%5A%A5%C6%A5%B9%A5%C8",
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88"},
    {"UTF-7", "K1plVm5MSXFlTU1Zd3VUREkt",
	"%2B%5A%65%56%6E%4C%49%71%65%4D%4D%59%77%75%54%44%49%2D",
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88"},
    {"EUC-KR", "x9Gxub7u",
	"%C7%D1%B1%B9%BE%EE",
	"\xed\x95\x9c\xea\xb5\xad\xec\x96\xb4"},
    {"KOI8-R", "8NLJ18XU",
	"%F0%D2%C9%D7%C5%D4",
	"\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82"},
    {"windows-1250", "o/Nknw==",
	"%A3%F3%64%9F",
	"\xc5\x81\xc3\xb3\x64\xc5\xba"},
    {"windows-1251", "z/Do4uXy",
	"%CF%F0%E8%E2%E5%F2",
	"\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82"},
    {"windows-1252", "gHVybw==",
	"%80%75%72%6F",
	"\xe2\x82\xac\x75\x72\x6f"},
    {"windows-1253", "w+Xp3A==",
	"%C3%E5%E9%DC",
	"\xce\x93\xce\xb5\xce\xb9\xce\xac"},
    {"windows-1254", "3fA=",
	"%DD%F0",
	"\xc4\xb0\xc4\x9f"},
    {"windows-1255", "+ezl7Q==",
	"%F9%EC%E5%ED",
	"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"},
    {"windows-1256", "0+HH4w==",
	"%D3%E1%C7%E3",
	"\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85"},
    {"windows-1257", "zOc=",
	"%CC%E7",
	"\xc4\xa2\xc4\x93"},
    {"windows-1258", "8PQ=",
	"%F0%F4",
	"\xc4\x91\xc3\xb4"},
    {"GBK", "1tDOxA==",
	"%D6%D0%CE%C4",
	"\xe4\xb8\xad\xe6\x96\x87"},
    {"Big5", "pKSk5Q==",
	"%A4%A4%A4%E5",
	"\xe4\xb8\xad\xe6\x96\x87"},
};
/* clang-format on */

#define CHARSET_SAMPLES (sizeof(charset_samples) / sizeof(*charset_samples))

#endif
