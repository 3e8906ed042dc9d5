// Command api serves the orders of a small shop.
package main

import (
	"log"
	"net/http"

	"shop.example/api/orders"
)

func main() {
	log.Fatal(http.ListenAndServe(":8080", orders.Routes(orders.NewStore())))
}
