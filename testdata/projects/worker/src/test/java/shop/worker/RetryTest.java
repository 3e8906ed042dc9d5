package shop.worker;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;

import java.io.IOException;
import org.junit.Test;

public class RetryTest {
    private int calls;

    private String failing(int times) throws IOException {
        if (++calls <= times) {
            throw new IOException("ERROR 503 from mail.shop.example");
        }
        return "sent";
    }

    @Test
    public void succeedsAtOnce() throws Exception {
        assertEquals("sent", new Retry(3).call("mail", () -> failing(0)));
    }

    @Test
    public void succeedsInTheEnd() throws Exception {
        for (int order = 1; order <= 40; order++) {
            calls = 0;
            assertEquals("sent", new Retry(3).call("mail of order " + order, () -> failing(2)));
        }
    }

    @Test
    public void givesUp() {
        assertThrows(IOException.class, () -> new Retry(3).call("mail", () -> failing(9)));
        assertEquals(3, calls);
    }
}
