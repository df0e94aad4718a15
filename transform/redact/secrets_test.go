package redact

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Secrets of these tests are put together here, so that no scanner of sources takes them for real ones.
var (
	letters = strings.Repeat("aB3dE5fG7h", 10)
	jwtText = "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0" + ".dozjgNryP4J3jVmNHl0w5N"
	pemText = "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIEow\nIBAAK==\n-----END RSA PRIVATE KEY-----"
)

func TestSecretsAreKnownByTheirNames(t *testing.T) {
	for _, name := range []string{
		"authorization", "Authorization", "Proxy-Authorization", "cookie", "Set-Cookie", "set_cookie", "cookies", "sessionCookie", "x-api-key", "X-API-Key",
		"api_key", "apikey", "api-key", "apiKey", "APIKey", "openai_api_key", "OPENAI_API_KEY", "access_token", "accessToken", "refreshToken", "id_token",
		"oauth_token", "csrf-token", "X-Auth-Token", "token", "client_secret", "clientSecret", "secret", "app_secret", "password", "Passwd", "db_pwd", "newPassword",
		"passphrase", "private_key", "privateKey", "aws_secret_access_key", "AWS_SECRET_ACCESS_KEY", "bearer", "jwt", "signing_key", "encryptionKey",
		"Ocp-Apim-Subscription-Key", "AccountKey", "credentials", "user_credential", "api_keys", "access_tokens", "secrets", "JSESSIONID", "pass", "otp", "SecretString",
	} {
		require.NotEqual(t, notSecret, classify([]byte(name)), name)
		in := fmt.Sprintf(`{%q:"hunter2","x":1}`, name)
		require.Equal(t, fmt.Sprintf(`{%q:"[redacted]","x":1}`, name), string(redactor(t, true).Record([]byte(in))))
	}
	for _, name := range []string{
		"token_count", "tokens", "max_tokens", "maxTokens", "total_tokens", "next_page_token", "nextPageToken", "pageToken", "continuation_token", "NextToken",
		"next_sync_token", "stop_token", "key", "keys", "sort_key", "primary_key", "public_key", "monkey", "keyboard", "secretary", "password_policy",
		"passed", "compass", "author", "authorized", "author_id", "cookie_policy", "session_id", "sessionId", "user_id", "request_id", "trace_id", "tokenizer",
		"is_secret_santa", "access_key_id", "credentials_url", "bearer_type", "string", "hash", "response", "words", "keywords", "page_token",
	} {
		require.Equal(t, notSecret, classify([]byte(name)), name)
	}
}

func TestWhichValuesASecretsNameHides(t *testing.T) {
	for in, want := range map[string]string{
		`{"password":true,"secret":null,"api_key":false}`:                            "",
		`{"password":"","token":"","cookies":[],"credentials":{}}`:                   "",
		`{"password":12345,"otp":99,"api_key":7}`:                                    `{"password":"[redacted]","otp":"[redacted]","api_key":"[redacted]"}`,
		`{"token":15339,"pass":12,"pass":"x"}`:                                       `{"token":15339,"pass":12,"pass":"[redacted]"}`,
		`{"cookies":[{"name":"a","value":"b"}],"authorization":{"basic":["u","p"]}}`: `{"cookies":"[redacted]","authorization":"[redacted]"}`,
		`{"p\u0061ssword":"x"}`:                                                      `{"p\u0061ssword":"[redacted]"}`,
		`[{"name":"Authorization","value":"x"},{"value":"y","enabled":true,"key":"x-api-key"},{"name":"Accept","value":"z"}]`: `[{"name":"Authorization","value":"[redacted]"},{"value":"[redacted]","enabled":true,"key":"x-api-key"},{"name":"Accept","value":"z"}]`,
		`{"raw":["Cookie","a=b","Accept","*","X-Api-Key","k"],"required":["password","email"]}`:                               `{"raw":["Cookie","[redacted]","Accept","*","X-Api-Key","[redacted]"],"required":["password","email"]}`,
	} {
		if want == "" {
			want = in
		}
		require.Equal(t, want, string(redactor(t, true).Record([]byte(`{"x":` + in + `}`)))[5:len(want)+5], in)
	}
}

// found are texts with a secret between « and ».
var found = []string{
	"Bearer «" + letters[:24] + "»", "authorization: «Bearer abc»", "curl -H 'Authorization: «Bearer abc»' https://x", "BEARER «a1b2c3d4»", "Basic «dXNlcjpwYXNz»", "basic «dXNlcjpwYXNzdw==»",
	"see «" + jwtText + "» for", "(«" + jwtText + "»)", "-----BEGIN " + "PRIVATE KEY-----«\nMIIE\n»-----END PRIVATE KEY-----", "-----BEGIN OPENSSH " + "PRIVATE KEY-----«\nb3Bl»",
	"«ghp_" + letters[:36] + "»", "token «gho_" + letters[:36] + "».", "«github_pat_" + letters[:30] + "»", "«xoxb-" + "123456789012-abcdef»", "«xoxp-" + "1234567890»", "«sk-" + letters[:40] + "»",
	"«sk-proj-" + letters[:40] + "»", "«sk-ant-api03-" + letters[:40] + "»", "«sk_live_" + letters[:24] + "»", "«AKIA" + "ABCDEFGHIJKLMNOP»", "«AIza" + letters[:35] + "»", "«ya29." + letters[:40] + "»", "«glpat-" + letters[:20] + "»",
	"«npm_" + letters[:36] + "»", "«GOCSPX-" + letters[:28] + "»", "«SG." + letters[:22] + "." + letters[:43] + "»", "«hf_" + letters[:34] + "»",
	"postgres://app:«s3cret»@db:5432/x", "https://user:«p»@example.com", "amqp://u:«p:q»@h", "https://x/cb?access_token=«abc»&state=1", "?api_key=«k-1»#top", "a=1&client_secret=«x%20y»&b=2",
	"https://b.blob/x?sp=r&sig=«AbC%3D»", "?X-Amz-Signature=«0a1b»&x=1", "Server=db;User=app;Password=«hunter2»;Pooling=true", "DefaultEndpointsProtocol=https;AccountKey=«abc+/==»;x=y",
	`export AWS_SECRET_ACCESS_KEY="«wJalr/x»"`, "password = «hunter2»", "password: «hunter2»", `{"password":"«hunter2»","cut`, `{'api_key': '«abc»', 'x'`, `"body":"{\"token\":\"«abc»\",\"x\":1`, "user[password]=«abc»",
	"Set-Cookie: «sid=1; Path=/»\nHost: x", "Cookie: «a=b; c=d»", `--header "X-Api-Key: «abc»"`, "token=«abc»", `"refresh_token" : "«1//0abc»"`,
}

var innocent = []string{
	"the bearer of good news", "Bearer tokens are used", "Basic understanding of JSON", "Basic authentication", "a task-list-of-things-that-are-long-enough", "sk-SK", "skip-this-step-please-and-go-on-1",
	"page_token=5", "max_tokens: 4096", "next_page_token=abc", "token_count=3", "tokens: 12", "Password must be long", "enter your password: then press enter", "token: expected", "password == x", "a.token != b",
	"http://host:8080/path", "mailto:ann@example.org", "https://example.org/@user:x", "12:30:45", "log_5fY2hKq0aXw1", "550e8400-e29b-41d4-a716-446655440000", "eyJub3QgYSB0b2tlbg", "data:image/png;base64,iVBORw0KGgo=",
	"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "ghp_short", "AKIAshort", "password=", "password=null", "?code=200&sig", "sig=abc", "npm_config_registry", "secret_santa_list",
	"x=[redacted]", "password=[redacted]", "Bearer [redacted]", "https://u:[redacted]@h", "author: ann1", "key=value1", "monkey=banana1", "session_id=abc1", "GMAIL_SEND_EMAIL", "ca_9f8e7d6c5b4a",
}

func TestSecretsAreKnownByWhatTheyLookLike(t *testing.T) {
	r := redactor(t, true)
	for _, c := range found {
		in := strings.NewReplacer("«", "", "»", "").Replace(c)
		want := c
		for strings.Contains(want, "«") {
			before, rest, _ := strings.Cut(want, "«")
			_, behind, _ := strings.Cut(rest, "»")
			want = before + Masked + behind
		}
		require.Equal(t, want, r.Text(in), c)
		require.Equal(t, want, r.Text(want), "again")
		for _, around := range []string{`{"message":%s}`, `{"a":[{"b":[%s]}]}`} {
			text := fmt.Sprintf(around, quoteLines(in))
			require.Equal(t, fmt.Sprintf(around, quoteLines(want)), string(r.Record([]byte(text))), c)
			nested := `{"n":` + quoteLines(text) + `}`
			require.Equal(t, `{"n":`+quoteLines(fmt.Sprintf(around, quoteLines(want)))+`}`, string(r.Record([]byte(nested))), c)
		}
	}
	for _, in := range innocent {
		require.Equal(t, in, r.Text(in))
		text := `{"message":` + quoteLines(in) + `}`
		require.Equal(t, text, string(r.Record([]byte(text))))
	}
}

func quoteLines(text string) string { return strings.ReplaceAll(quote(text), "\n", `\n`) }

func TestASecretIsFoundHoweverItIsEscaped(t *testing.T) {
	r := redactor(t, true)
	require.Equal(t, `{"m":"caf\u00e9 [redacted]\u002e \ud800"}`, string(r.Record([]byte(`{"m":"caf\u00e9 \u0067hp_`+letters[:35]+`\u0041\u002e \ud800"}`))))
	require.Equal(t, `{"m":"a\/b password\u003d[redacted]\"y&x\/y"}`, string(r.Record([]byte(`{"m":"a\/b password\u003dx\/z\"y&x\/y"}`))))
	require.NotContains(t, string(r.Record([]byte(`{"k":"`+strings.ReplaceAll(pemText, "\n", `\n`)+`"}`))), "MIIEow")
}

func TestSecretsInNamesAreMaskedToo(t *testing.T) {
	require.Equal(t, `{"[redacted]":1}`, string(redactor(t, true).Record([]byte(`{"ghp_`+letters[:36]+`":1}`))))
}

func TestARuleCountsBeforeASecretsName(t *testing.T) {
	require.Equal(t, `{"api_key":`+hashed("abc")+`}`, string(redactor(t, true, "hash $.api_key").Record([]byte(`{"api_key":"abc"}`))))
}

func TestTextOfAnErrorIsMaskedAsJSONWhereItIsThat(t *testing.T) {
	r := redactor(t, true)
	require.Equal(t, `{"error":{"message":"no user with password [redacted]"},"token":"[redacted]"}`,
		r.Text(`{"error":{"message":"no user with password `+"ghp_"+letters[:36]+`"},"token":"abc"}`))
	require.Equal(t, "x", redactor(t, false, "drop $.x").Text("x"))
}
