package durahub;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.MetadataUtils;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Channels to the server under test.
 *
 * <p>They show the token of DURAHUB_TEST_TOKEN, if there is one, and speak TLS where DURAHUB_TEST_CA names the
 * authority's certificate.
 */
final class Connection {
    private Connection() {}

    /** Returns a channel that names no task hub, as the released client does by itself. */
    static Channel plain(String endpoint) {
        return with(endpoint, new Metadata());
    }

    /** Returns a channel whose calls name a task hub. */
    static Channel toHub(String endpoint, String taskHub) {
        Metadata headers = new Metadata();
        put(headers, "taskhub", taskHub);
        return with(endpoint, headers);
    }

    private static Channel with(String endpoint, Metadata headers) {
        String token = System.getenv("DURAHUB_TEST_TOKEN");
        if (token != null) {
            put(headers, "authorization", "Bearer " + token);
        }
        return ClientInterceptors.intercept(
                opened(endpoint), MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    private static Channel opened(String endpoint) {
        String authority = System.getenv("DURAHUB_TEST_CA");
        if (authority == null) {
            return ManagedChannelBuilder.forTarget(endpoint).usePlaintext().build();
        }
        try {
            return Grpc.newChannelBuilder(
                            endpoint,
                            TlsChannelCredentials.newBuilder().trustManager(new File(authority)).build())
                    .build();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static void put(Metadata headers, String name, String value) {
        headers.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
    }
}
