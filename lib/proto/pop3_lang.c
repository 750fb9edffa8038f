/* SPDX-License-Identifier: ISC */
/* POP3's answers in other languages. */
#include "proto/pop3_lang.h"

#include <stddef.h>
#include <string.h>

static const char *const tags[POP3_LANGS] = {"i-default", "en", "ja"};

const char pop3_lang_list[] = "i-default English\r\n"
			      "en English\r\n"
			      "ja 日本語\r\n"
			      ".\r\n";

static const struct {
	const char *english, *japanese;
} texts[] = {
    /* before the login */
    {"Start TLS first", "先に TLS を開始してください"},
    {"[SYS/TEMP] The session cannot be started",
	"[SYS/TEMP] セッションを開始できません"},
    {"[SYS/TEMP] Try again later",
	"[SYS/TEMP] しばらくしてからもう一度お試しください"},
    {"[AUTH] Wrong name or password", "[AUTH] 名前またはパスワードが違います"},
    {"[AUTH] You can only be yourself",
	"[AUTH] 他の利用者になることはできません"},
    {"USER takes a name", "USER には名前が必要です"},
    {"Now the password", "パスワードをどうぞ"},
    {"USER comes first", "先に USER を送ってください"},
    {"PASS takes a password", "PASS にはパスワードが必要です"},
    {"Mechanisms", "認証方式の一覧"},
    {"No such mechanism", "その認証方式はありません"},
    {"No USER and PASS here, use AUTH",
	"USER と PASS は使えません。AUTH を使ってください"},
    {"This is POP3, not HTTP", "これは HTTP ではなく POP3 です"},
    {"Cancelled", "中止しました"},
    {"A malformed response", "応答の形式が正しくありません"},
    {"TLS is on already", "TLS はすでに使われています"},
    {"TLS is not available here", "ここでは TLS を使えません"},
    {"Nothing may follow STLS", "STLS の後に続けて送ることはできません"},
    {"Begin TLS negotiation", "TLS を開始してください"},
    {"Log in first", "先にログインしてください"},

    /* before and after */
    {"The line is too long", "行が長すぎます"},
    {"Lines end in CRLF", "行末は CRLF でなければなりません"},
    {"Unknown command", "知らないコマンドです"},
    {"That command has no argument", "そのコマンドに引数はありません"},
    {"Capabilities", "機能の一覧"},
    {"Languages", "言語の一覧"},
    {"This is the language", "日本語になりました"},
    {"There is no such language", "その言語はありません"},
    {"UTF-8 it is", "UTF-8 を使います"},
    {"Goodbye", "さようなら"},

    /* after the login */
    {"Logged in,", "ログインしました。"},
    {"yubin ready,", "yubin の準備ができました。"},
    {"messages", "通"},
    {"octets", "オクテット"},
    {"You are logged in already", "すでにログインしています"},
    {"[IN-USE] Another session has this maildrop",
	"[IN-USE] 別のセッションがこのメールボックスを使っています"},
    {"[SYS/TEMP] Something is wrong here; try again later",
	"[SYS/TEMP] 障害が起きています。後でもう一度お試しください"},
    {"[SYS/TEMP] Some deleted messages were not removed",
	"[SYS/TEMP] 一部のメールを削除できませんでした"},
    {"[UTF8] That message needs a client that has said UTF8",
	"[UTF8] そのメールを読むには UTF8 コマンドが必要です"},
    {"There is no such message", "そのメールはありません"},
    {"That message is marked as deleted",
	"そのメールには削除の印が付いています"},
    {"That message was removed by another session",
	"そのメールは別のセッションが削除しました"},
    {"The argument is no message number", "引数はメールの番号ではありません"},
    {"Say which message: RETR number", "メールの番号が必要です: RETR 番号"},
    {"Say which message: DELE number", "メールの番号が必要です: DELE 番号"},
    {"Say which message and how much: TOP number lines",
	"メールの番号と行数が必要です: TOP 番号 行数"},
    {"Top of the message follows", "メールの先頭を送ります"},
    {"Marked for deletion", "削除の印を付けました"},
    {"No message is marked for deletion", "削除の印をすべて取り消しました"},
    {"Still here", "はい"},
    {"Too many errors; goodbye", "誤りが多すぎます。さようなら"},
};

enum pop3_lang
pop3_lang_find(struct str range)
{
	if (str_eq(range, STR("*")))
		return POP3_EN;
	while (range.n > 0) {
		size_t last = str_rfind(range, '-');

		for (int i = 0; i < POP3_LANGS; i++)
			if (str_ieq(range, str_z(tags[i])))
				return (enum pop3_lang)i;
		if (last == range.n)
			break;
		range = str_to(range, last);
	}
	return POP3_LANGS;
}

const char *
pop3_lang_tag(enum pop3_lang lang)
{
	return tags[lang];
}

const char *
pop3_lang_text(enum pop3_lang lang, const char *english)
{
	if (lang != POP3_JA)
		return english;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i].english, english) == 0)
			return texts[i].japanese;
	return english;
}
