package shop.worker;

import static org.junit.Assert.assertEquals;

import org.junit.Test;

public class InvoiceTest {
    @Test
    public void emptyInvoiceCostsNothing() {
        assertEquals(0, new Invoice().gross(19));
    }

    @Test
    public void wholePricesAddUp() {
        Invoice invoice = new Invoice();
        invoice.add(1000, 3);
        assertEquals(3570, invoice.gross(19));
    }

    @Test
    public void taxIsRoundedHalfUp() {
        Invoice invoice = new Invoice();
        invoice.add(1000, 1);
        invoice.add(29, 1);
        assertEquals("gross of 10.29 at 19 %", 1225, invoice.gross(19));
    }
}
