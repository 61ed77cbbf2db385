package durahub;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;

/** Channels to the server under test, which has no keys. */
final class Connection {
    private Connection() {}

    /** Returns a channel that names no task hub, as the released client does by itself. */
    static Channel plain(String endpoint) {
        return ManagedChannelBuilder.forTarget(endpoint).usePlaintext().build();
    }

    /** Returns a channel whose calls name a task hub. */
    static Channel toHub(String endpoint, String taskHub) {
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("taskhub", Metadata.ASCII_STRING_MARSHALLER), taskHub);
        return ClientInterceptors.intercept(
                plain(endpoint), MetadataUtils.newAttachHeadersInterceptor(headers));
    }
}
