package orders

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOrders(t *testing.T) {
	routes := Routes(NewStore())
	call := func(method, path, body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		routes.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
		return w
	}
	for id := 1; id <= 45; id++ {
		t.Run(fmt.Sprintf("create_and_show_%d", id), func(t *testing.T) {
			created := call("POST", "/orders", fmt.Sprintf(`{"net":%d}`, id*100))
			shown := call("GET", fmt.Sprintf("/orders/%d", id), "")
			if created.Code != 201 || shown.Code != 200 || created.Body.String() != shown.Body.String() {
				t.Errorf("created %d %s, shown %d %s", created.Code, created.Body, shown.Code, shown.Body)
			}
		})
	}
	for _, body := range []string{``, `{`, `{"net":0}`, `{"net":-5}`, `{"net":"a lot"}`, `[]`} {
		t.Run("error_"+body, func(t *testing.T) {
			if w := call("POST", "/orders", body); w.Code != 400 {
				t.Errorf("status %d, want 400", w.Code)
			}
		})
	}
	for path, want := range map[string]int{"/orders?page=1": 200, "/orders?page=3": 200, "/orders?page=4": 400, "/orders/99": 404} {
		if w := call("GET", path, ""); w.Code != want {
			t.Errorf("GET %s: status %d, want %d", path, w.Code, want)
		}
	}
}
