package artifact

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loggate/loggate/internal/rules"
)

// marks are placeholders of any kind.
var marks = regexp.MustCompile(`\[redacted:([a-z0-9-]+):[0-9a-f]{8}\]`)

// kindsIn lists the kinds of the placeholders in a text.
func kindsIn(text string) []string {
	var kinds []string
	for _, m := range marks.FindAllStringSubmatch(text, -1) {
		kinds = append(kinds, m[1])
	}
	return kinds
}

// inPieces passes a text through, cut into pieces of a size.
func inPieces(t *testing.T, red *Redactor, text string, size int) string {
	t.Helper()
	var out bytes.Buffer
	w := newRedacting(red, &out, nil)
	for piece := range slices.Chunk([]byte(text), size) {
		if _, err := w.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// The catalogue is of the rules' form: its examples are tests there, too.
func TestCatalogueOfSecrets(t *testing.T) {
	list, err := rules.Parse("secrets.yml", secretsFile)
	if err != nil {
		t.Fatal(err)
	}
	red := redactor()
	for _, rule := range list {
		if err := rules.Check(rule); err != nil {
			t.Error(err)
		}
		if len(rule.Examples) == 0 || len(rule.Counterexamples) == 0 || !strings.HasPrefix(rule.Docs, "https://") {
			t.Errorf("%s lacks examples, counterexamples or its maker's documentation", rule.ID)
		}
		kind := strings.TrimPrefix(rule.ID, "secret.")
		re := regexp.MustCompile(rule.Pattern)
		for _, example := range rule.Examples {
			match := re.FindStringSubmatch(example.Log)
			if match == nil {
				continue // Check has said so
			}
			secret := match[max(0, re.SubexpIndex("message"))]
			for _, around := range []string{"%s", "%s\n", "\x1b[31m%s\x1b[0m\n", `{"a":"x\n%s"}`} {
				text := fmt.Sprintf(around, example.Log)
				got := red.String(text)
				if secret != "" && !strings.HasPrefix(secret, "BEGIN") && (!slices.Contains(kindsIn(got), kind) || strings.Contains(got, secret)) {
					t.Errorf("%s: %q became %q", rule.ID, text, got)
				}
				if again := red.String(got); again != got {
					t.Errorf("%s: %q became %q", rule.ID, got, again)
				}
				if strings.HasPrefix(kind, "authorization") || kind == "url-password" {
					continue // each mark is slow; FuzzRedacting has them
				}
				for size := 1; size < 20; size++ {
					if pieces := inPieces(t, red, text, size); pieces != got {
						t.Errorf("%s: %q in pieces of %d became %q", rule.ID, text, size, pieces)
					}
				}
			}
		}
		for _, text := range rule.Counterexamples {
			if got := red.String(text); got != text && slices.Contains(kindsIn(got), kind) {
				t.Errorf("%s: %q became %q", rule.ID, text, got)
			}
		}
	}
	if len(list) < 20 {
		t.Errorf("%d kinds of secrets", len(list))
	}
}

// Hashes, ids, digests and what real builds print are no secrets.
func TestNoFalseAlarms(t *testing.T) {
	red := redactor()
	random := mathrand.New(mathrand.NewPCG(15, 4))
	some := make([]byte, 64)
	for range 20_000 {
		for i := range some {
			some[i] = byte(random.Uint32())
		}
		h := hex.EncodeToString(some)
		sri := sha512.Sum512(some)
		text := strings.Join([]string{
			h[:32], h[:40], strings.ToUpper(h[:40]), h[:64], h,
			fmt.Sprintf("%s-%s-4%s-a%s-%s", h[:8], h[8:12], h[13:16], h[17:20], h[20:32]),
			"sha512-" + base64.StdEncoding.EncodeToString(sri[:]), "sha256:" + h[:64],
			base64.StdEncoding.EncodeToString(some), base64.RawURLEncoding.EncodeToString(some),
			"pkg@1.2.3+" + h[:7], "commit " + h[:40], "https://example.com/" + h[:32] + "?v=" + h[:8],
		}, " ")
		if got := red.String(text); got != text {
			t.Fatalf("%q became %q", text, got)
		}
	}
	logs, err := filepath.Glob("../../testdata/*/*.log")
	if err != nil || len(logs) < 20 {
		t.Fatalf("%d logs, %v", len(logs), err)
	}
	for _, name := range logs {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(red.String(string(text)), "\n") {
			if marks.MatchString(line) {
				t.Errorf("%s: %s", name, line)
			}
		}
	}
}

// privateKeys are keys of all the usual kinds, as their tools write them.
func privateKeys(t *testing.T) map[string]string {
	t.Helper()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, d, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(d)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(e)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(kind string, der []byte, headers map[string]string) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der, Headers: headers}))
	}
	return map[string]string{
		"RSA":       encode("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(r), nil),
		"encrypted": encode("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(r), map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,0123"}),
		"EC":        encode("EC PRIVATE KEY", sec1, nil),
		"Ed25519":   encode("PRIVATE KEY", pkcs8, nil),
		"PGP":       encode("PGP PRIVATE KEY BLOCK", x509.MarshalPKCS1PrivateKey(r), nil),
	}
}

// expectNoKey wants no four characters of a key's lines that stand alone, and
// none of its longer parts.
func expectNoKey(t *testing.T, name, key, got string) {
	t.Helper()
	for line := range strings.Lines(key) {
		line = strings.TrimSpace(line)
		if !isBase64([]byte(line)) {
			continue
		}
		if len(line) > 20 {
			line = line[:20]
		}
		if strings.Contains(got, line) {
			t.Errorf("%s: %q is left in %q", name, line, got)
		}
	}
}

func TestPrivateKeys(t *testing.T) {
	red := redactor()
	const before = "[2026/03/02 09:00:00.000 GMT+08:00] [INFO] "
	for name, key := range privateKeys(t) {
		for _, prefix := range []string{"", before, "    "} {
			for _, lineEnd := range []string{"\n", "\r\n"} {
				text := prefix + strings.ReplaceAll(strings.TrimSpace("cat key\n"+key+"go on and build\nBUILD SUCCESS"), "\n", lineEnd+prefix) + lineEnd
				got := red.String(text)
				expectNoKey(t, name, key, got)
				if strings.Count(got, "\n") != strings.Count(text, "\n") || !strings.HasSuffix(got, lineEnd+prefix+"go on and build"+lineEnd+prefix+"BUILD SUCCESS"+lineEnd) {
					t.Errorf("%s: %q became %q", name, text, got)
				}
				for _, size := range []int{1, 7, 61} {
					if pieces := inPieces(t, red, text, size); pieces != got {
						t.Errorf("%s in pieces of %d:\n%s\nin one\n%s", name, size, pieces, got)
					}
				}
				if again := red.String(got); again != got {
					t.Errorf("%s: %q became %q", name, got, again)
				}
			}
		}
		inJSON := `{"private_key": "` + strings.ReplaceAll(key, "\n", `\n`) + `"}` + "\nbehind it\n"
		if name == "encrypted" {
			inJSON = strings.ReplaceAll(key, "\n", " ") // of a shell that didn't quote
		}
		got := red.String(inJSON)
		if name != "encrypted" {
			expectNoKey(t, name+" in JSON", key, got)
		}
		whole := red.String("data: " + base64.StdEncoding.EncodeToString([]byte(key)) + "\n")
		if name != "PGP" && (len(kindsIn(whole)) != 1 || len(whole) > 100) {
			t.Errorf("%s in Base64 became %q", name, whole)
		}
	}
	for _, text := range []string{
		"the file must begin with -----BEGIN PRIVATE KEY-----\nBUILD SUCCESS\ndone\nok\n",
		"-----BEGIN CERTIFICATE-----\nMIIC5zCCAc+gAwIBAgIBADANBgkqhkiG9w0BAQsFADAVMRMwEQYDVQQDEwprdWJl\n-----END CERTIFICATE-----\n",
		"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\nMIIC5zCCAc+gAwIBAgIBADANBgkqhkiG9w0BAQsFADAVMRMwEQYDVQQDEwprdWJl\n",
		"-----BEGIN PRIVATE KEY-----\n" + strings.Repeat("a line of the log.\n", 20) + "MIIC5zCCAc+gAwIBAgIBADANBgkqhkiG9w0BAQsFADAVMRMwEQYDVQQDEwprdWJl\n",
	} {
		if got := red.String(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// A secret has one mark, wherever it stands, and what is known by its place is
// named by what it is.
func TestMarksOfSecrets(t *testing.T) {
	const token = "gl" + "pat-0123456789abcdefghij"
	red := redactor(plainSecret)
	got := red.String("token " + token + "\nhttps://oauth2:" + token + "@git.example.com/a\nAuthorization: Bearer " + token + "\n" +
		"https://ci:" + plainSecret + "@git.example.com/a " + plainSecret + "\n")
	if want := []string{"gitlab-token", "gitlab-token", "gitlab-token", "credential", "credential"}; !slices.Equal(kindsIn(got), want) {
		t.Errorf("%v in %q", kindsIn(got), got)
	}
	all := marks.FindAllString(got, -1)
	if all[0] != all[1] || all[1] != all[2] || all[3] != all[4] {
		t.Errorf("one secret has several marks: %q", all)
	}
}

// Behind escapes and colours a new word begins; inside a word none does.
func TestSecretsBehindEscapes(t *testing.T) {
	const key = "AK" + "IAIOSFODNN7EXAMPLE"
	red := redactor()
	for text, found := range map[string]bool{
		key: true, "=" + key: true, "\x1b[1;31m" + key: true, `a\n` + key: true, "id%3D" + key: true, `id\u003d` + key: true,
		"x" + key: false, "3D" + key: false, "_" + key: false, "m" + key: false,
	} {
		if got := red.String(text); (got != text) != found {
			t.Errorf("%q became %q", text, got)
		}
		// also where the word before has been passed on already
		if got := inPieces(t, red, text, 1); (got != text) != found {
			t.Errorf("%q in pieces became %q", text, got)
		}
	}
}

// Secrets that are longer than is looked at go as a whole.
func TestHugeSecrets(t *testing.T) {
	red := redactor()
	long := strings.Repeat("0123456789abcdefABCDEF", 10_000)
	for _, start := range []string{"gh" + "p_", "gl" + "pat-", "hv" + "s.", "npm" + "_", "ey" + "JhbGciOiJIUzI1NiJ9.ey" + "J", "X-Auth-Token: "} {
		text := "before " + start + long + " behind\n" + start + long + "\n"
		for _, size := range []int{999, 1 << 20} {
			if got := inPieces(t, red, text, size); strings.Contains(got, "0123456789a") || !strings.Contains(got, " behind\n") || strings.Count(got, "[redacted:") != 2 {
				t.Errorf("%s… became %.300q", start, got)
			}
		}
	}
}

// A log full of passwords is as quick to pass on as any: the slow marks of
// passwords are bounded.
func TestManyPasswords(t *testing.T) {
	var text strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&text, "https://u:hunter%d@example.com/ https://u:again@example.com/\n", i)
	}
	got := redactor().String(text.String())
	if strings.Contains(got, "hunter") || strings.Contains(got, "again") || strings.Count(got, "\n") != 20_000 {
		t.Errorf("passwords are left: %.300q", got)
	}
	if marks := marks.FindAllString(got, 4); marks[0] == marks[2] || marks[1] != marks[3] {
		t.Errorf("the first marks are %q", marks)
	}
	if !strings.HasSuffix(got, "https://u:[redacted:url-password:00000000]@example.com/ "+marks.FindAllString(got, 2)[1][:0]+"https://u:"+marks.FindAllString(got, 2)[1]+"@example.com/\n") {
		t.Errorf("the last is %q", got[len(got)-200:])
	}
}

// Hostile lines: each is full of what secrets begin with, or of long runs that
// are none in the end. The test is that it ends.
func TestHostileSecrets(t *testing.T) {
	red := redactor()
	for _, part := range []string{
		"gh" + "p_", "ey" + "J", "-ey" + "J", "-ey" + "Jaaaaaaaaaaaaaaaa", ".ey" + "Jaaaaaaaaaa.ey" + "J", "://", "://a", "://a:", "://a:b", "authorization:",
		"Authorization: Bearer ", "Authorization: digest a ", "BEGIN PRIVATE KEY-----", "BEGIN A A PRIVATE KEY-----\\n", "BEGIN ", "X-Auth-Token: ", "AccountKey=",
		"xox" + "b-", "SG.", "hooks.slack.com/services/", "-----BEGIN PRIVATE KEY-----\n", "gQpjbi1", "AKIA", "LS0tLS1CRUdJTi",
	} {
		text := strings.Repeat(part, 1<<20/len(part))
		began := time.Now()
		defer func() { t.Logf("%q: %v", part, time.Since(began)) }()
		got := red.String(text)
		if strings.Count(got, "\n") != strings.Count(text, "\n") {
			t.Errorf("%q: %d lines became %d", part, strings.Count(text, "\n"), strings.Count(got, "\n"))
		}
	}
}

// Without shapes only the run's own secrets are replaced.
func TestOnlyOwnSecrets(t *testing.T) {
	red, err := NewRedactor([]string{plainSecret}, false)
	if err != nil {
		t.Fatal(err)
	}
	const token = "gl" + "pat-0123456789abcdefghij"
	if got := red.String(token + " " + plainSecret); kindsIn(got)[0] != "credential" || !strings.HasPrefix(got, token) {
		t.Errorf("became %q", got)
	}
	if red.identity() == redactor().identity() {
		t.Error("a part of a log that was written with shapes can be continued without")
	}
}
