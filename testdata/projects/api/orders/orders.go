// Package orders is the API's only resource.
package orders

import (
	"encoding/json"
	"log"
	"net/http"
	"strconv"
	"sync"

	"github.com/go-chi/chi/v5"

	"shop.example/api/money"
	"shop.example/api/paging"
)

// Order is what a customer has bought.
type Order struct {
	ID    int         `json:"id"`
	Net   money.Cents `json:"net"`
	Gross money.Cents `json:"gross"`
}

// Store keeps orders in memory.
type Store struct {
	mu     sync.Mutex
	orders []Order
}

// NewStore is an empty store.
func NewStore() *Store { return &Store{} }

// Routes serves the store.
func Routes(s *Store) http.Handler {
	r := chi.NewRouter()
	r.Post("/orders", s.create)
	r.Get("/orders", s.list)
	r.Get("/orders/{id}", s.show)
	return r
}

func (s *Store) create(w http.ResponseWriter, r *http.Request) {
	var o Order
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil || o.Net <= 0 {
		log.Printf("ERROR rejected order: net %d: %v", o.Net, err)
		http.Error(w, "bad order", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o.ID, o.Gross = len(s.orders)+1, o.Net.WithTax(19)
	s.orders = append(s.orders, o)
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(o)
}

func (s *Store) list(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	from, to, err := paging.Bounds(page, 20, len(s.orders))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_ = json.NewEncoder(w).Encode(s.orders[from:to])
}

func (s *Store) show(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, err := strconv.Atoi(chi.URLParam(r, "id"))
	if err != nil || id < 1 || id > len(s.orders) {
		http.NotFound(w, r)
		return
	}
	_ = json.NewEncoder(w).Encode(s.orders[id-1])
}
